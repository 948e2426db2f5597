package bwstate

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// NoTimeout is a timeout that never passes. BunkerWeb writes 0 for it.
const NoTimeout time.Duration = math.MaxInt64

// What BunkerWeb does when its settings say nothing else.
const (
	DefaultIdlingTimeout   = 30 * time.Minute
	DefaultRollingTimeout  = time.Hour
	DefaultAbsoluteTimeout = 24 * time.Hour
)

// defaultAudience is the part of a session that BunkerWeb's own plugins use.
const defaultAudience = "default"

// VisitorSettings are BunkerWeb's SESSIONS_* settings, which must be the same as those of the nodes, and a few choices of our own. Secret and Name are required.
type VisitorSettings struct {
	Secret Secret // SESSIONS_SECRET
	Name   string // SESSIONS_NAME: the cookie
	Domain string // SESSIONS_DOMAIN: of the cookie; empty: the host that set it

	// Seconds count, fractions of them do not. 0 is BunkerWeb's default, NoTimeout is none.
	Idling   time.Duration // SESSIONS_IDLING_TIMEOUT: since the last request that touched it
	Rolling  time.Duration // SESSIONS_ROLLING_TIMEOUT: since it was last saved
	Absolute time.Duration // SESSIONS_ABSOLUTE_TIMEOUT: since it was created

	AnyIP        bool // SESSIONS_CHECK_IP=no: a session may be used from another address
	AnyUserAgent bool // SESSIONS_CHECK_USER_AGENT=no: and by another browser

	// Audience is the part of the session that is read and changed; empty is "default", which BunkerWeb's own plugins use. A part of one's own lives and ends with
	// the visitor's session, and nodes keep it when they save.
	Audience string

	Secure bool     // the cookie gets the attribute Secure, which nodes leave to other modules
	Away   WhenAway // what happens while the server cannot be reached
	FIPS   bool     // keys are derived as nodes do whose OpenSSL is in FIPS mode; they share no sessions with the others

	// MaxSkew is how far in the future a session may have been created, for clocks that differ. 0 is BunkerWeb's own rule, which has no limit.
	MaxSkew time.Duration

	Now func() time.Time // asked for the time; nil is time.Now
}

// ParseVisitorSettings reads the SESSIONS_* settings: SECRET and NAME, which BunkerWeb draws at random for each node unless they are set, and which are therefore
// required; DOMAIN; IDLING_TIMEOUT, ROLLING_TIMEOUT and ABSOLUTE_TIMEOUT in seconds, or with a unit; CHECK_IP and CHECK_USER_AGENT. The secret may be in a file that
// SESSIONS_SECRET_FILE names. All problems are reported at once, in a [*SettingsError].
func ParseVisitorSettings(get func(name string) string) (VisitorSettings, error) {
	p := visitorParser{get: get}
	s := VisitorSettings{
		Secret: p.secret(), Name: p.name(), Domain: p.domain(),
		Idling:       p.timeout("SESSIONS_IDLING_TIMEOUT", DefaultIdlingTimeout),
		Rolling:      p.timeout("SESSIONS_ROLLING_TIMEOUT", DefaultRollingTimeout),
		Absolute:     p.timeout("SESSIONS_ABSOLUTE_TIMEOUT", DefaultAbsoluteTimeout),
		AnyIP:        !p.yes("SESSIONS_CHECK_IP"),
		AnyUserAgent: !p.yes("SESSIONS_CHECK_USER_AGENT"),
	}
	if len(p.problems) > 0 {
		return VisitorSettings{}, &SettingsError{Problems: p.problems}
	}
	return s, nil
}

// visitorParser collects what is wrong.
type visitorParser struct {
	get      func(string) string
	problems []*SettingError
}

func (p *visitorParser) refuse(name, value, problem string) {
	p.problems = append(p.problems, &SettingError{Name: name, Value: value, Problem: problem})
}

const notShared = `must be set, and be the same on all nodes: "random" is drawn by each of them`

func (p *visitorParser) secret() Secret {
	text, path := p.get("SESSIONS_SECRET"), p.get("SESSIONS_SECRET_FILE")
	switch {
	case path != "" && text != "":
		p.refuse("SESSIONS_SECRET_FILE", shownPath(path), "is set beside SESSIONS_SECRET")
	case path != "":
		secret, problem := readSecretFile(path)
		switch {
		case problem != "":
			p.refuse("SESSIONS_SECRET_FILE", shownPath(path), problem)
		case secret == "random":
			p.refuse("SESSIONS_SECRET_FILE", shownPath(path), notShared)
		}
		return Secret(secret)
	case text == "" || text == "random":
		p.refuse("SESSIONS_SECRET", "", notShared)
	}
	return Secret(text)
}

func (p *visitorParser) name() string {
	name := p.get("SESSIONS_NAME")
	switch {
	case name == "" || name == "random":
		p.refuse("SESSIONS_NAME", name, notShared)
	case !isCookieName(name):
		p.refuse("SESSIONS_NAME", name, "holds characters that no cookie name may have")
	}
	return name
}

func (p *visitorParser) domain() string {
	domain := p.get("SESSIONS_DOMAIN")
	if !isAttribute(domain) {
		p.refuse("SESSIONS_DOMAIN", domain, "is no domain")
	}
	return domain
}

func (p *visitorParser) timeout(name string, byDefault time.Duration) time.Duration {
	text := strings.TrimSpace(p.get(name))
	if text == "" {
		return byDefault
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n == 0 {
		return NoTimeout
	}
	d, problem := parseDuration(text, Seconds, maxTTL)
	if d < time.Second && (problem == "" || strings.HasPrefix(problem, "too short")) {
		problem = "too short: must be at least 1s, or 0 for no timeout"
	}
	if problem != "" {
		p.refuse(name, text, problem)
	}
	return d
}

func (p *visitorParser) yes(name string) bool {
	text := p.get(name)
	if text == "" {
		return true
	}
	yes, problem := parseYesNo(text)
	if problem != "" {
		p.refuse(name, text, problem)
	}
	return yes
}

// check says what no sessions can be made with, and fills in what was left out.
func (s *VisitorSettings) check() error {
	switch {
	case s.Secret == "":
		return &ArgumentError{Name: "Secret", Problem: "is empty"}
	case !isCookieName(s.Name):
		return &ArgumentError{Name: "Name", Problem: "is empty or holds characters that no cookie name may have"}
	case len(s.Name) > maxCookieNameSize:
		return &ArgumentError{Name: "Name", Problem: "is longer than 256 characters"}
	case !isAttribute(s.Domain):
		return &ArgumentError{Name: "Domain", Problem: "is no domain"}
	case s.Away > CookieWhenAway:
		return &ArgumentError{Name: "Away", Problem: "is neither FailWhenAway nor CookieWhenAway"}
	case s.MaxSkew < 0:
		return &ArgumentError{Name: "MaxSkew", Problem: "is negative"}
	}
	for _, timeout := range []struct {
		name      string
		value     *time.Duration
		byDefault time.Duration
	}{
		{"Idling", &s.Idling, DefaultIdlingTimeout},
		{"Rolling", &s.Rolling, DefaultRollingTimeout},
		{"Absolute", &s.Absolute, DefaultAbsoluteTimeout},
	} {
		if *timeout.value == 0 {
			*timeout.value = timeout.byDefault
		}
		if *timeout.value != NoTimeout {
			if err := checkTTL(timeout.name, *timeout.value); err != nil {
				return err
			}
		}
	}
	if s.Audience == "" {
		s.Audience = defaultAudience
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return nil
}

// maxCookieNameSize leaves a cookie room for the session.
const maxCookieNameSize = 256

// isAttribute reports whether text can stand behind "Domain=".
func isAttribute(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == ';' || c == ',' {
			return false
		}
	}
	return len(text) <= 253
}

// wholeSeconds is a timeout in the seconds that cookies count, 0 for none.
func wholeSeconds(timeout time.Duration) int64 {
	if timeout == NoTimeout {
		return 0
	}
	return int64(timeout / time.Second)
}
