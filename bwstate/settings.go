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

// Settings are the REDIS_* settings, checked and with defaults filled in. [ReadSettings] and [ParseSettings] make
// them. They print, encode and log with their secrets hidden, and are plain values: copy them freely, and change
// what should be otherwise. [Settings.Effective] says where each came from, and [Settings.Parity] what BunkerWeb
// would make of them.
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
	Logger *slog.Logger

	made *making // nil: by hand
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
