package bwstate

import (
	"strings"
	"time"
)

// Defaults of [AppSessionConfig]. The limits are those of BunkerWeb's sessions.
const (
	DefaultIdle     = 30 * time.Minute
	DefaultRolling  = time.Hour
	DefaultAbsolute = 24 * time.Hour
	DefaultMaxData  = 64 << 10
)

const (
	maxAppName     = 64       // bytes
	maxSubject     = 1 << 10  // bytes
	maxMaxData     = 16 << 20 // bytes
	maxAppSessions = 1000     // that List returns
)

// AppSessionConfig says how an application's sessions are kept. The zero value with a Name is ready.
type AppSessionConfig struct {
	// Name is the application's: up to 64 letters, digits and any of ".-_". Applications of different names share nothing.
	Name string

	// A session ends at the first of three: Idle after its last use, Rolling after it got its token, Absolute after it was created. 0: the defaults. The server's clock
	// counts, in whole milliseconds, and the very last one still belongs to the session. A change acts on a session when it is used the next time.
	Idle, Rolling, Absolute time.Duration

	// Keys encrypt data and subject at rest (AES-256-GCM): texts that NewAppSessionKey made. The first encrypts, all decrypt, so a new key goes in front, and an old one
	// may go when no session is as old as that. Without keys what is stored is not encrypted.
	//
	// Each session has a key of its own, derived from its token, so who has a key and the contents of the store still cannot read a session without its
	// cookie. Handle, version and times are not encrypted, and a hash of the subject is what indexes are made of.
	Keys []Secret
	// AcceptPlain accepts data that was stored without encryption though there are keys, for as long as such sessions live. Otherwise they are refused, as somebody who
	// can write to the store could make them.
	AcceptPlain bool

	MaxData  int      // bytes of Data, at most 16 MiB; 0: DefaultMaxData
	WhenAway WhenAway // what becomes of new sessions while the server is away
}

// AppSessions returns the sessions of an application. An error is an [*ArgumentError].
func (s *State) AppSessions(cfg AppSessionConfig) (*AppSessions, error) {
	ss := &AppSessions{state: s, name: cfg.Name, maxData: cfg.MaxData, cookies: cfg.WhenAway == CookieWhenAway, plain: cfg.AcceptPlain || len(cfg.Keys) == 0}
	if !isAppName(cfg.Name) {
		return nil, &ArgumentError{Name: "Name", Problem: "is not 1 to 64 letters, digits, dots, hyphens and underscores"}
	}
	for i, l := range []struct {
		name       string
		is, normal time.Duration
	}{{"Idle", cfg.Idle, DefaultIdle}, {"Rolling", cfg.Rolling, DefaultRolling}, {"Absolute", cfg.Absolute, DefaultAbsolute}} {
		if l.is == 0 {
			l.is = l.normal
		}
		if l.is < time.Millisecond || l.is > maxTTL {
			return nil, &ArgumentError{Name: l.name, Problem: "is not between a millisecond and a hundred years: " + l.is.String()}
		}
		ss.limits[i] = l.is.Milliseconds()
	}
	switch {
	case ss.maxData == 0:
		ss.maxData = DefaultMaxData
	case ss.maxData < 0 || ss.maxData > maxMaxData:
		return nil, &ArgumentError{Name: "MaxData", Problem: "is not between 1 byte and 16 MiB"}
	}
	switch {
	case cfg.WhenAway != FailWhenAway && cfg.WhenAway != CookieWhenAway:
		return nil, &ArgumentError{Name: "WhenAway", Problem: "is neither FailWhenAway nor CookieWhenAway"}
	case ss.cookies && len(cfg.Keys) == 0:
		return nil, &ArgumentError{Name: "Keys", Problem: "are missing: sessions in cookies have to be encrypted"}
	}
	var err error
	ss.keys, err = newKeyring(cfg.Keys)
	return ss, err
}

func isAppName(name string) bool {
	return name != "" && len(name) <= maxAppName && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") == ""
}
