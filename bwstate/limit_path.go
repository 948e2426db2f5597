package bwstate

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A PathLimit is BunkerWeb's limit of the requests that one client makes for one path (USE_LIMIT_REQ), counted together with its nodes.
//
// The store holds the seconds in which the client asked. A request is too many when there are Rate.Limit others in the window, which has both its ends: in "a second"
// that is this clock second and the one before. The first one that is too many is counted as well; those behind it are not. The time is that of [LimitsConfig], in whole
// seconds; a request of a time that has not come yet stays until it has, or until nobody asked for a whole window.
type PathLimit struct {
	Rate    Rate       // a limit of 1000 keeps up to 1001 numbers for each client and path: for more, use a [Quota]
	Service string     // the first server name of the site
	IP      netip.Addr // of the client; one that is mapped into IPv6 counts as the IPv4 address that it is
	Path    string     // decoded and normalised, without arguments, and with the slash in front. Behind 8 kB, which no node takes, it is in the key as a SHA-256
}

// check makes what is sent.
func (p PathLimit) check(l *Limits) (limitCheck, error) {
	if err := checkAddr(p.IP); err != nil {
		return limitCheck{}, err
	}
	if err := checkScope(ServiceScope, p.Service); err != nil {
		return limitCheck{}, err
	}
	if err := p.Rate.check(); err != nil {
		return limitCheck{}, err
	}
	if !strings.HasPrefix(p.Path, "/") {
		return limitCheck{}, &ArgumentError{Name: "Path", Problem: "does not begin with a slash"} // 1.2.3.4 and 5 would be 1.2.3.45
	}
	now, rest := l.now()
	return limitCheck{
		kind: pathKind, key: pathLimitKey(p.Service, p.IP.Unmap(), p.Path),
		limit: p.Rate.Limit, window: int64(p.Rate.Window / time.Second), now: now, rest: rest,
	}, nil
}

// pathResult makes a result of how many requests there are, after how many seconds of the nodes' clock there is room, and for how long the key lives, in milliseconds.
func (c *limitCheck) pathResult(r *LimitResult, count, wait, ms int64) {
	r.Limit, r.Count, r.Window = c.limit, count, time.Duration(c.window)*time.Second
	r.Limited = count > c.limit
	r.Remaining = max(0, c.limit-count)
	r.ResetAfter = r.Window
	if ms != noExpiry {
		r.ResetAfter = lifetime(ms)
	}
	r.MoreAfter = r.ResetAfter
	switch byClock := time.Duration(min(wait, maxRetrySeconds))*time.Second - c.rest; {
	case c.limit == 0:
		r.MoreAfter = r.Window
	case ms == noExpiry || byClock < r.MoreAfter:
		r.MoreAfter = byClock
	}
	if r.Limited {
		r.RetryAfter = r.MoreAfter
	}
}

// maxRetrySeconds is as long as a time.Duration can tell.
const maxRetrySeconds = int64(maxTTL / time.Second)

// A ServiceLimit is BunkerWeb's limit of all requests for a service (USE_LIMIT_REQ_GLOBAL), counted together with its nodes.
//
// Time is cut into windows of Rate.Window; each has a counter of its own, so around the end of one there may be nearly twice the limit. Requests that are too many
// count as well. A counter that somebody kept from ending ends one window after the next request: nodes set an end only with the first request.
type ServiceLimit struct {
	Rate    Rate
	Service string // the first server name of the site
}

// check makes what is sent.
func (p ServiceLimit) check(l *Limits) (limitCheck, error) {
	if err := checkScope(ServiceScope, p.Service); err != nil {
		return limitCheck{}, err
	}
	if err := p.Rate.check(); err != nil {
		return limitCheck{}, err
	}
	now, rest := l.now()
	window := int64(p.Rate.Window / time.Second)
	return limitCheck{
		kind: serviceKind, key: serviceLimitKey(p.Service, floorDiv(now, window)),
		limit: p.Rate.Limit, window: window, now: now, rest: rest,
	}, nil
}

// serviceResult makes a result of how many requests there are.
func (c *limitCheck) serviceResult(r *LimitResult, count int64) {
	r.Limit, r.Count, r.Window = c.limit, count, time.Duration(c.window)*time.Second
	r.Limited = count > c.limit
	r.Remaining = min(max(0, c.limit-count), c.limit)
	r.ResetAfter = time.Duration(c.window-(c.now-floorDiv(c.now, c.window)*c.window))*time.Second - c.rest
	r.MoreAfter = r.ResetAfter
	if c.limit == 0 {
		r.MoreAfter = r.Window
	}
	if r.Limited {
		r.RetryAfter = r.MoreAfter
	}
}

// floorDiv rounds down, also before 1970.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// appendInts appends numbers with a space between two.
func appendInts(dst []byte, numbers ...int64) []byte {
	for i, n := range numbers {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = strconv.AppendInt(dst, n, 10)
	}
	return dst
}
