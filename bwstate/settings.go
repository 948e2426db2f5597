package bwstate

import (
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"
)

// Unit is what a number without a unit means in REDIS_TIMEOUT and REDIS_KEEPALIVE_IDLE.
type Unit int

const (
	// Seconds is the documented meaning, and the default.
	Seconds Unit = iota
	// Milliseconds is how BunkerWeb's own code reads these settings, and what its newer releases write.
	Milliseconds
)

// String is the value of BWREDIS_TIME_UNIT that selects u.
func (u Unit) String() string {
	if u == Milliseconds {
		return "milliseconds"
	}
	return "seconds"
}

func (u Unit) duration() time.Duration {
	if u == Milliseconds {
		return time.Millisecond
	}
	return time.Second
}

// Settings are the REDIS_* settings, checked and with defaults filled in. [ParseSettings] makes them. They
// print, encode and log with their secrets hidden, and are plain values: copy them freely.
type Settings struct {
	UseRedis bool // USE_REDIS; when false nothing else is used

	// Host is a name, an IPv4 or IPv6 address without brackets, or "unix:" and the absolute path of a
	// socket, which BunkerWeb itself does not understand. It may be empty when SentinelHosts is not, and
	// is not used then.
	Host     string
	Port     int // 1–65535
	Database int // 0 or more; the server decides how many there are

	Username string // empty: the server's default user
	Password Secret

	// TLS, for Redis and, where they have no settings of their own, for the sentinels. The files, in PEM, and
	// the name go beyond BunkerWeb's own settings. The files are not read here. With the name, certificates
	// are checked whatever address a sentinel announces.
	SSL, SSLVerify  bool
	SSLCA           string // further trusted authorities
	SSLCADir        string // a directory of them
	SSLCert, SSLKey string // client certificate: both or neither
	SSLServerName   string // the name the certificate must carry, when it is not that of the address

	Timeout time.Duration // at least 1 ms, at most 24 h

	SentinelHosts    []string // host:port, IPv6 in brackets, in the order given, none twice
	SentinelUsername string
	SentinelPassword Secret
	SentinelMaster   string // never empty

	// SentinelAddressMap says how to reach what sentinels announce, behind NAT or in containers: announced to
	// reachable, host:port both, or a host both, without brackets, where the port stays. nil: as announced.
	SentinelAddressMap map[string]string

	// TLS of the sentinels; what is not set is as for Redis. The two settings of authorities go together, and
	// so do certificate and key: where one of two is set for the sentinels, the other is not that of Redis.
	SentinelSSL, SentinelSSLVerify  Choice
	SentinelSSLCA, SentinelSSLCADir string
	SentinelSSLCert, SentinelSSLKey string // both or neither
	SentinelSSLServerName           string

	KeepaliveIdle time.Duration // TCP keepalive idle time, and the longest a kept connection sits unused
	KeepalivePool int           // how many connections are kept, 1–10000

	Unit     Unit     // how bare numbers were read in Timeout and KeepaliveIdle
	Warnings []string // what parses but is probably not meant; never holds a secret

	// Logger is told by [Open], as warnings and each once, what Warnings holds, and later what is wrong without
	// stopping anything: certificates that expire soon, files that have changed and cannot be used; and by the pool of outages, of connections that
	// broke and of servers that are no master, each sort once in 30 seconds with a count. nil: nobody is told.
	Logger *slog.Logger `json:"-"`
}

// ParseSettings reads USE_REDIS and the REDIS_* settings through get, which returns "" for a setting that is
// not set; os.Getenv fits, and so do [ReadEnvFile] and [FirstSet]. [SettingsTable] lists the names.
//
// It reports every problem at once: the error is a *[SettingsError], and Settings is then the zero value. With
// USE_REDIS=no nothing is required, but what is set must still be right.
//
// Passwords and user names may come from a file: NAME_FILE names it, and one trailing line end is dropped.
// White space around yes and no is ignored and separates sentinels; anywhere else it is part of the value.
//
// Reading NAME_FILE is the only I/O. ParseSettings keeps no reference to get.
func ParseSettings(get func(name string) string) (Settings, error) {
	p := settingsParser{get: get, given: make(map[string]bool)}
	for i := range settingsTable {
		p.parse(&settingsTable[i])
	}
	p.check()
	if len(p.problems) > 0 {
		return Settings{}, &SettingsError{Problems: p.problems}
	}
	return p.s, nil
}

// Network is "unix" when Host names a socket, "tcp" otherwise: the first argument of net.Dial.
func (s Settings) Network() string {
	if _, ok := strings.CutPrefix(s.Host, unixPrefix); ok {
		return "unix"
	}
	return "tcp"
}

// Addr is where Redis is when there are no sentinels: host:port with IPv6 in brackets, or the path of the
// socket. It is "" when Host is.
func (s Settings) Addr() string {
	if path, ok := strings.CutPrefix(s.Host, unixPrefix); ok {
		return path
	}
	if s.Host == "" {
		return ""
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// settingsParser is one run of [ParseSettings].
type settingsParser struct {
	get      func(name string) string
	s        Settings
	given    map[string]bool // settings that have a value, right or wrong
	problems []*SettingError

	hostPort  int  // the port written in REDIS_HOST, 0 if none
	isDefault bool // the text at hand is the table's, not the user's
}

// parse reads one setting into p.s, or its default.
func (p *settingsParser) parse(st *setting) {
	text, hide, ok := p.read(st)
	if !ok {
		return
	}
	p.isDefault = text == ""
	if p.isDefault {
		text = st.Default
	}
	if text == "" {
		return
	}
	problem := st.parse(p, text)
	if problem == "" {
		return
	}
	if hide {
		text = ""
	}
	p.fail(st.Name, text, problem)
}

// read returns the text of a setting, from its file if that is what is given, and whether the text must not
// be shown.
func (p *settingsParser) read(st *setting) (text string, hide, ok bool) {
	text = p.get(st.Name)
	if !st.File {
		p.given[st.Name] = text != ""
		return text, st.Secret, true
	}
	fileName := st.Name + "_FILE"
	path := p.get(fileName)
	p.given[st.Name] = text != "" || path != ""
	if path == "" {
		return text, st.Secret, true
	}
	if text != "" {
		p.fail(st.Name, "", "set here and in "+fileName+"; only one of them may be")
		return "", true, false
	}
	text, problem := readSecretFile(path)
	if problem != "" {
		p.fail(fileName, shownPath(path), problem)
		return "", true, false
	}
	return text, true, true
}

func (p *settingsParser) fail(name, value, problem string) {
	p.problems = append(p.problems, &SettingError{Name: name, Value: value, Problem: problem})
}

func (p *settingsParser) warn(text string) { p.s.Warnings = append(p.s.Warnings, text) }

// failed says whether a setting was refused.
func (p *settingsParser) failed(name string) bool {
	for _, e := range p.problems {
		if e.Name == name {
			return true
		}
	}
	return false
}

// unit is what a bare number means. The defaults are the documented ones, in seconds whatever was selected.
func (p *settingsParser) unit() Unit {
	if p.isDefault {
		return Seconds
	}
	return p.s.Unit
}
