package bwstate

import (
	"strconv"
	"strings"
)

// check looks at what settings say together. A setting that was refused gives no second complaint; warnings
// need no such care, as nobody sees them once something was refused.
func (p *settingsParser) check() {
	p.checkHost()
	p.checkURLUser()
	p.checkUser("REDIS_USERNAME", "REDIS_PASSWORD", p.s.Username, p.s.Password)
	p.checkUser("REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD", p.s.SentinelUsername, p.s.SentinelPassword)
	p.checkTLS()
	p.checkSentinel()
}

func (p *settingsParser) checkHost() {
	if p.s.UseRedis && !p.given["REDIS_HOST"] && !p.given["REDIS_SENTINEL_HOSTS"] && !p.given[urlName] {
		p.fail("REDIS_HOST", "", "not set: USE_REDIS=yes needs it, or REDIS_SENTINEL_HOSTS")
	}
	if p.hostPort != 0 && !p.failed("REDIS_PORT") {
		p.settlePort()
	}
	if p.s.Network() == "unix" && p.s.SSL && p.s.SSLVerify && p.s.SSLServerName == "" && !p.failed("REDIS_SSL_SERVER_NAME") {
		p.fail("REDIS_SSL_SERVER_NAME", "", "not set: a unix socket has no name of its own to find in the certificate")
	}
}

// settlePort: a port in REDIS_HOST says what REDIS_PORT would say in the same source, so it overrides sources behind that, and those before it override it.
func (p *settingsParser) settlePort() {
	port, host := p.level["REDIS_PORT"], p.level["REDIS_HOST"]
	switch {
	case !p.given["REDIS_PORT"] || port > host:
		p.made.from["REDIS_PORT"] = join(p.made.from["REDIS_HOST"], "REDIS_HOST")
		p.made.written["REDIS_PORT"] = strconv.Itoa(p.hostPort)
		p.s.Port = p.hostPort
	case port == host && p.s.Port != p.hostPort:
		p.fail("REDIS_HOST", p.made.written["REDIS_HOST"], "its port is not the "+strconv.Itoa(p.s.Port)+" of REDIS_PORT; give the port once")
	}
}

// checkURLUser refuses what is the password itself, written in the place of the user, in URLs of many other programs. A user that REDIS_USERNAME overrides,
// or says again, is none of that.
func (p *settingsParser) checkURLUser() {
	if p.userOfURL && !p.given["REDIS_PASSWORD"] && !p.failed(urlName) {
		p.fail(urlName, "", "has a user, and there is no password; write :password@ for a password alone, "+
			"and REDIS_USERNAME for a user who needs none")
	}
}

func (p *settingsParser) checkUser(userName, passName, user string, pass Secret) {
	if user != "" && pass == "" {
		p.warn(userName + " is set without " + passName + "; that works only for a user who needs no password")
	}
	if hasOuterSpace(string(pass)) {
		p.warn(passName + " starts or ends with white space, which is taken as part of it")
	}
}

const unverified = "REDIS_SSL_VERIFY=no: the server is not checked, so anyone on the path can pose as it and read the password"

const unverifiedSentinels = "=no: the sentinels are not checked, so anyone on the path can pose as one, read their password and " +
	"name another server"

// unchecked warns of whoever is not checked.
func (s *Settings) unchecked() (warnings []string) {
	if s.SSL && !s.SSLVerify {
		warnings = append(warnings, unverified)
	}
	// Where both are not checked for the same reason, it has been said.
	if s.sentinelSSL() && !s.sentinelSSLVerify() && (s.SentinelSSLVerify != "" || !s.SSL) {
		warnings = append(warnings, s.sentinelTLSName("Verify")+unverifiedSentinels)
	}
	return warnings
}

func (p *settingsParser) checkTLS() {
	s := &p.s
	p.checkPair("REDIS_SSL", s.SSLCert, s.SSLKey)
	p.checkPair("REDIS_SENTINEL_SSL", s.SentinelSSLCert, s.SentinelSSLKey)
	for _, text := range s.unchecked() {
		p.warn(text)
	}
	for _, field := range []string{"CAFile", "CADir", "CertFile", "KeyFile", "ServerName"} {
		// Not Verify: BunkerWeb writes that one, like all of its settings, whether it is used or not.
		name := serverTLSName(field)
		forSentinels := s.sentinelSSL() && s.sentinelTLSName(field) == name
		if p.given[name] && !s.SSL && !forSentinels {
			p.warn(name + " is set but REDIS_SSL is no, so it is not used")
		}
	}
}

func (p *settingsParser) checkPair(prefix, cert, key string) {
	switch {
	case cert == "" && key != "":
		p.fail(prefix+"_CERT", "", "not set, but "+prefix+"_KEY is; a client certificate needs both")
	case cert != "" && key == "":
		p.fail(prefix+"_KEY", "", "not set, but "+prefix+"_CERT is; a client certificate needs both")
	}
}

func (p *settingsParser) checkSentinel() {
	if p.given["REDIS_SENTINEL_HOSTS"] {
		if p.given["REDIS_HOST"] {
			p.warn("REDIS_HOST is set but not used: REDIS_SENTINEL_HOSTS says where to ask for the server")
		}
		p.checkSentinelTLS()
		return
	}
	for i := range settingsTable {
		name := settingsTable[i].Name
		if !strings.HasPrefix(name, "REDIS_SENTINEL_") || !p.given[name] {
			continue
		}
		if name != "REDIS_SENTINEL_MASTER" || p.s.SentinelMaster != defaultMaster {
			p.warn(name + " is set but not used: REDIS_SENTINEL_HOSTS is not set")
		}
	}
}

// checkSentinelTLS warns of what is set for TLS with sentinels that is not there.
func (p *settingsParser) checkSentinelTLS() {
	if p.s.sentinelSSL() {
		return
	}
	why := "REDIS_SENTINEL_SSL is no"
	if p.s.SentinelSSL == "" {
		why = "REDIS_SSL is no and REDIS_SENTINEL_SSL is not set"
	}
	for i := range settingsTable {
		if name := settingsTable[i].Name; strings.HasPrefix(name, "REDIS_SENTINEL_SSL_") && p.given[name] {
			p.warn(name + " is set but " + why + ", so it is not used")
		}
	}
}
