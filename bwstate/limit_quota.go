package bwstate

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// A Quota is a limit of any kind of request by any key, beyond what BunkerWeb has: precise, without windows, and with one number for each key, however large the limit
// is. Up to Burst may be used at once, and what was used is earned back evenly, at Rate. Requests that are refused cost nothing.
//
// It goes by the server's clock, in microseconds, and nothing is lost in rounding. If that clock is set back, nobody waits for longer than it takes to earn a whole Burst.
// For that, whoever asks forgets what is further ahead than Burst allows; so ask for one key with one Rate and Burst.
type Quota struct {
	// Name says what is limited, such as "login": up to 64 letters, digits, dots, hyphens and underscores. Quotas of different names do not meet.
	Name string

	// Key is whose quota it is: any text, such as an address or a user's name. Up to 64 bytes of it are in the store's key as they are, of longer ones a SHA-256.
	Key string

	// Rate is how much is earned in how much time. Its limit is at least 1.
	Rate Rate

	// Burst is how much can be used at once; 0: Rate.Limit.
	Burst int64

	// Cost is how much this request uses, of which Burst is the most; 0: 1.
	Cost int64

	// Peek leaves everything as it is. The result says what would become of the request; Remaining is what there is.
	Peek bool
}

// A quotaTime is a time in microseconds, and parts of one.
type quotaTime struct{ whole, part int64 }

func (t quotaTime) before(u quotaTime) bool {
	return t.whole < u.whole || t.whole == u.whole && t.part < u.part
}

// plus adds times of so many parts.
func (t quotaTime) plus(u quotaTime, parts int64) quotaTime {
	sum := quotaTime{t.whole + u.whole, t.part + u.part}
	if sum.part >= parts {
		return quotaTime{sum.whole + 1, sum.part - parts}
	}
	return sum
}

// quotaSteps are the numbers of a quota. A microsecond has as many parts as it takes for everything to be a whole number of them.
type quotaSteps struct {
	parts int64
	cost  quotaTime // how long it takes to earn the cost
	most  quotaTime // the burst
	one   uint64    // how many parts it takes to earn 1
}

// check makes what is sent.
func (q Quota) check(*Limits) (limitCheck, error) {
	if q.Burst == 0 {
		q.Burst = q.Rate.Limit
	}
	if q.Cost == 0 {
		q.Cost = 1
	}
	switch {
	case !isLimitName(q.Name):
		return limitCheck{}, &ArgumentError{Name: "Name", Problem: "is not of 1 to 64 letters, digits, dots, hyphens and underscores"}
	case q.Rate.Limit < 1 || q.Rate.Limit > maxRate:
		return limitCheck{}, &ArgumentError{Name: "Rate", Problem: "has a limit that is less than 1 or too large: " + strconv.FormatInt(q.Rate.Limit, 10)}
	case q.Rate.Window < time.Microsecond || q.Rate.Window > maxTTL || q.Rate.Window%time.Microsecond != 0:
		return limitCheck{}, &ArgumentError{Name: "Rate", Problem: "has a window that is not between a microsecond and a hundred years, in whole microseconds: " +
			q.Rate.Window.String()}
	case q.Burst < 0 || q.Burst > maxRate:
		return limitCheck{}, &ArgumentError{Name: "Burst", Problem: "is negative or too large: " + strconv.FormatInt(q.Burst, 10)}
	case q.Cost < 0 || q.Cost > q.Burst:
		return limitCheck{}, &ArgumentError{Name: "Cost", Problem: "is negative or more than Burst: " + strconv.FormatInt(q.Cost, 10)}
	}
	c := limitCheck{kind: quotaKind, key: quotaKey(q.Name, q.Key), limit: q.Burst}
	if q.Peek {
		c.kind = lookKind
	}
	if !c.quota.set(q) {
		return limitCheck{}, &ArgumentError{Name: "Burst", Problem: "takes more than a hundred years to earn: " + strconv.FormatInt(q.Burst, 10)}
	}
	return c, nil
}

func isLimitName(name string) bool {
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return 1 <= len(name) && len(name) <= 64
}

// set computes the numbers, and reports whether the burst can be earned within reasonable time.
func (s *quotaSteps) set(q Quota) bool {
	micros := q.Rate.Window.Microseconds()
	common := gcd(micros, q.Rate.Limit)
	s.parts, s.one = q.Rate.Limit/common, uint64(micros/common)
	var fits bool
	if s.most, fits = s.earn(q.Burst); !fits {
		return false
	}
	s.cost, fits = s.earn(q.Cost)
	return fits
}

// earn returns how long it takes to earn n, if that is within reason.
func (s *quotaSteps) earn(n int64) (quotaTime, bool) {
	hi, lo := bits.Mul64(uint64(n), s.one)
	if hi >= uint64(s.parts) {
		return quotaTime{}, false
	}
	whole, part := bits.Div64(hi, lo, uint64(s.parts))
	return quotaTime{int64(whole), int64(part)}, whole <= uint64(maxTTL.Microseconds())
}

// less returns by how much a is later than b, rounded up to a microsecond, and 0 when it is not.
func (s *quotaSteps) less(a, b quotaTime) time.Duration {
	whole := a.whole - b.whole
	if a.part > b.part {
		whole++
	}
	return time.Duration(max(0, whole)) * time.Microsecond
}

// earned returns how much is earned in the time from b to a.
func (s *quotaSteps) earned(a, b quotaTime) int64 {
	whole, part := a.whole-b.whole, a.part-b.part
	if part < 0 {
		whole, part = whole-1, part+s.parts
	}
	if whole < 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(whole), uint64(s.parts))
	lo, carry := bits.Add64(lo, uint64(part), 0)
	if hi += carry; hi >= s.one {
		return math.MaxInt64
	}
	n, _ := bits.Div64(hi, lo, s.one)
	return int64(min(n, math.MaxInt64))
}

// quotaResult makes a result of how late the quota is, which includes the cost when that was taken.
func (c *limitCheck) quotaResult(r *LimitResult, over bool, late quotaTime) {
	s := &c.quota
	r.Limited, r.Limit = over, c.limit
	r.Remaining = min(s.earned(s.most, late), c.limit)
	r.Count = c.limit - r.Remaining
	r.Window = s.less(s.most, quotaTime{})
	r.ResetAfter = s.less(late, quotaTime{})
	if one, fits := s.earn(r.Remaining + 1); fits && r.Count > 0 {
		r.MoreAfter = s.less(late.plus(one, s.parts), s.most)
	}
	if over {
		r.RetryAfter = s.less(late.plus(s.cost, s.parts), s.most)
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// maxQuotaValue is how long a quota's value can be, in bytes.
const maxQuotaValue = 50

// quotaValue reads what the store has for a quota, as lua/limits.lua does: a time, and perhaps parts of a microsecond and how many parts make one, otherwise 0.
func quotaValue(text string) (t quotaTime, parts int64, ok bool) {
	whole, rest, divided := strings.Cut(text, "+")
	if len(text) > maxQuotaValue || len(whole) > 16 || !isDigits(whole) {
		return quotaTime{}, 0, false
	}
	t.whole = number(whole)
	if !divided {
		return t, 0, true
	}
	part, of, ok := strings.Cut(rest, "/")
	if !ok || !isDigits(part) || !isDigits(of) {
		return quotaTime{}, 0, false
	}
	t.part, parts = number(part), number(of) // beyond an int64: the largest, which is no number of ours
	return t, parts, true
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
