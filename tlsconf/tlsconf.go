package tlsconf

import (
	"crypto/tls"
	"fmt"
	"time"
)

// Settings say how to speak TLS. The zero value says not to.
type Settings struct {
	Enabled bool
	Verify  bool // false accepts any certificate, from anybody

	ServerName string // the name to find in the certificate, and to ask for; empty: the host of the address
	CAFile     string // authorities trusted in addition to the system's
	CADir      string // a directory of more of them
	CertFile   string // client certificate, followed by its intermediates; needs KeyFile
	KeyFile    string // its private key, not encrypted; needs CertFile

	// WarnBefore is how long before a certificate expires that is worth a warning; negative: never. With 0 it is
	// 14 days, or a third of a life that is shorter than six weeks.
	WarnBefore time.Duration

	// OnWarning is told what is wrong without stopping anything, each thing once. It is called by whoever calls
	// [Settings.Source] or [Source.Config], or performs a handshake, and concurrently when those are; nil: nobody
	// is told.
	OnWarning func(*Error)

	// Label is what messages call the setting behind a field, so that a program can name its own; nil: the field.
	// An [Error] is not a message in that sense: it has the field.
	Label func(field string) string
}

// Config makes a configuration of the files as they are now, or returns nil, nil when TLS is not enabled. Its
// client certificate follows the files, its authorities do not: that is what [Source] is for. Errors are those
// of [Settings.Source].
func (s Settings) Config() (*tls.Config, error) {
	source, err := s.Source()
	if err != nil {
		return nil, err
	}
	return source.Config(), nil
}

func (s Settings) label(field string) string {
	if s.Label == nil {
		return field
	}
	return s.Label(field)
}

func (s Settings) warn(field, file string, err error) {
	if s.OnWarning != nil {
		s.OnWarning(&Error{Field: field, File: file, Err: err})
	}
}

// The fields an Error may name.
const (
	fieldVerify = "Verify"
	fieldCAFile = "CAFile"
	fieldCADir  = "CADir"
	fieldCert   = "CertFile"
	fieldKey    = "KeyFile"
)

// Error is what is wrong with one of the settings. A warning may be of no setting.
type Error struct {
	Field string // the field of Settings: Verify, CAFile, CADir, CertFile or KeyFile; empty: the server's certificate
	File  string // its value; empty when it is missing
	Err   error  // never holds what was read
}

func (e *Error) Error() string {
	text := "tlsconf: "
	if e.Field != "" {
		text += e.Field
		if e.File != "" {
			text += fmt.Sprintf(" %q", e.File)
		}
		text += ": "
	}
	return text + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }
