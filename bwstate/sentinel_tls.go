package bwstate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bwredis/bwredis/tlsconf"
)

// tlsSuffixes are what the settings behind the fields of tlsconf.Settings have after their prefix.
var tlsSuffixes = map[string]string{
	"Verify": "_VERIFY", "CAFile": "_CA", "CADir": "_CA_DIR", "CertFile": "_CERT", "KeyFile": "_KEY", "ServerName": "_SERVER_NAME",
}

const (
	serverTLS    = "REDIS_SSL"
	sentinelsTLS = "REDIS_SENTINEL_SSL"
)

// serverTLSName is the setting behind a field of tlsconf.Settings for the server; none is behind "", which is what a server showed.
func serverTLSName(field string) string {
	if suffix, ok := tlsSuffixes[field]; ok {
		return serverTLS + suffix
	}
	return ""
}

// sentinelTLSName is the setting that says it for the sentinels: their own, or the server's.
func (s *Settings) sentinelTLSName(field string) string {
	own := false
	switch field {
	case "Verify":
		own = s.SentinelSSLVerify != ""
	case "CAFile", "CADir":
		own = s.ownAuthorities()
	case "CertFile", "KeyFile":
		own = s.ownCertificate()
	case "ServerName":
		own = s.SentinelSSLServerName != ""
	}
	if own {
		return sentinelsTLS + tlsSuffixes[field]
	}
	return serverTLSName(field)
}

func (s *Settings) ownAuthorities() bool { return s.SentinelSSLCA != "" || s.SentinelSSLCADir != "" }

func (s *Settings) ownCertificate() bool { return s.SentinelSSLCert != "" || s.SentinelSSLKey != "" }

// sentinelSSL says whether there are sentinels, and TLS to them.
func (s *Settings) sentinelSSL() bool { return len(s.SentinelHosts) > 0 && s.SentinelSSL.or(s.SSL) }

func (s *Settings) sentinelSSLVerify() bool { return s.SentinelSSLVerify.or(s.SSLVerify) }

// sentinelTLS is how to speak TLS to the sentinels. Where it is the same as to the server, own is false: one tlsconf.Source then serves both, reads their files once
// and warns once.
func (s Settings) sentinelTLS() (t tlsconf.Settings, own bool) {
	t = tlsconf.Settings{
		Enabled: s.sentinelSSL(), Verify: s.sentinelSSLVerify(), ServerName: s.SSLServerName,
		CAFile: s.SSLCA, CADir: s.SSLCADir, CertFile: s.SSLCert, KeyFile: s.SSLKey,
		Label:     s.sentinelTLSName,
		OnWarning: s.sentinelTLSWarning,
	}
	own = t.Enabled != s.SSL || t.Verify != s.SSLVerify
	if s.ownAuthorities() {
		t.CAFile, t.CADir, own = s.SentinelSSLCA, s.SentinelSSLCADir, true
	}
	if s.ownCertificate() {
		t.CertFile, t.KeyFile, own = s.SentinelSSLCert, s.SentinelSSLKey, true
	}
	if s.SentinelSSLServerName != "" {
		t.ServerName, own = s.SentinelSSLServerName, true
	}
	return t, own
}

// sentinelTLSWarning tells what is wrong with the sentinels' TLS, but for what is the server's and said there.
func (s Settings) sentinelTLSWarning(e *tlsconf.Error) {
	name := s.sentinelTLSName(e.Field)
	switch {
	case e.Field == "Verify": // [Settings.unchecked] says that
	case e.Field == "":
		s.warn(fmt.Sprint(e.Err))
	case !s.SSL || !strings.HasPrefix(name, serverTLS):
		s.warn((&SettingError{Name: name, Value: e.File, Problem: fmt.Sprint(e.Err)}).text())
	}
}

// appendTLSProblems adds the settings of all files that cannot be used to problems, each once: server and sentinels may share a file. label names the setting
// behind a field, and err is of tlsconf.Settings.Source, a join of *tlsconf.Error.
func appendTLSProblems(problems []*SettingError, err error, label func(field string) string) []*SettingError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			problems = appendTLSProblems(problems, err, label)
		}
		return problems
	}
	problem := SettingError{Name: serverTLS, Problem: fmt.Sprint(err)}
	var e *tlsconf.Error
	if errors.As(err, &e) {
		problem = SettingError{Name: label(e.Field), Value: e.File, Problem: fmt.Sprint(e.Err)}
	}
	if slices.ContainsFunc(problems, func(p *SettingError) bool { return *p == problem }) {
		return problems
	}
	return append(problems, &problem)
}
