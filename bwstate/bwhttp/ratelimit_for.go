package bwhttp

import (
	"net/http"
	"net/netip"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// PerVisitor limits each visitor's requests by a [bwstate.Quota] of that name. Whose it is [VisitorKey] says.
func PerVisitor(name string, rate bwstate.Rate) func(*http.Request, netip.Addr) []bwstate.Limit {
	return func(_ *http.Request, ip netip.Addr) []bwstate.Limit {
		return []bwstate.Limit{bwstate.Quota{Name: name, Key: VisitorKey(ip), Rate: rate}}
	}
}

// VisitorKey returns the text by which visitors are told apart: the address, of IPv6 the network of 64 bits, because every visitor has at least one of those.
// Those whose address is not known are one visitor, "unknown".
func VisitorKey(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	switch {
	case !ip.IsValid():
		return "unknown"
	case ip.Is4():
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// AsNodes limits requests as BunkerWeb's nodes do with the same settings, and together with them; see [bwstate.ReadLimitSettings].
func AsNodes(rules *bwstate.LimitRules) func(*http.Request, netip.Addr) []bwstate.Limit {
	return func(r *http.Request, ip netip.Addr) []bwstate.Limit { return rules.For(ip, NodePath(r)) }
}

// NodePath returns the path of a request as nodes know it: decoded, without arguments, with no two slashes in a row, and without . and .. in it.
func NodePath(r *http.Request) string {
	decoded := "/" + r.URL.Path
	clean := path.Clean(decoded)
	last := decoded[strings.LastIndexByte(decoded, '/')+1:]
	if clean != "/" && (last == "" || last == "." || last == "..") {
		clean += "/"
	}
	return clean
}

// sometimes says when something may be said again.
type sometimes struct {
	mu    sync.Mutex
	last  time.Time // guarded by mu
	times int       // guarded by mu; since then
}

// now reports whether it is time to say something that just happened, and how often it has happened since the last time.
func (s *sometimes) now(every time.Duration) (times int, now bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times++
	if t := time.Now(); s.last.IsZero() || t.Sub(s.last) >= every {
		times, s.times, s.last = s.times, 0, t
		return times, true
	}
	return 0, false
}
