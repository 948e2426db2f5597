package bwstate

import (
	"fmt"
	"math/big"
	"math/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/localstore"
)

// limitsAtServerTime returns limits of an embedded store that has the given clock.
func limitsAtServerTime(t *testing.T, now *time.Time) *Limits {
	store := localstore.New(localstore.Config{Now: func() time.Time { return *now }})
	t.Cleanup(func() { _ = store.Close() })
	store.Register(limitsScript.SHA(), limitsScript.twin)
	return limitsOf(t, New(store), FailWhenAway)
}

// The server's clock is what a quota goes by, also when it is set back.
func TestQuotaAndTheServersClock(t *testing.T) {
	now := time.Unix(1_700_000_000, 123_456_789)
	limits := limitsAtServerTime(t, &now)
	take := func() LimitResult {
		r, err := limits.Quota(t.Context(), Quota{Name: "n", Rate: Rate{3, 10 * time.Second}})
		require.NoError(t, err)
		return r
	}
	for want := int64(2); want >= 0; want-- {
		require.Equal(t, want, take().Remaining)
	}
	r := take()
	require.True(t, r.Limited)
	require.Equal(t, 3333334*time.Microsecond, r.RetryAfter, "rounded up")
	require.Equal(t, 10*time.Second, r.ResetAfter)
	now = now.Add(r.RetryAfter - time.Microsecond)
	require.True(t, take().Limited)
	now = now.Add(time.Microsecond)
	require.False(t, take().Limited, "at the time that was said, and not before")
	require.True(t, take().Limited)

	now = now.Add(-time.Hour)
	look, err := limits.Quota(t.Context(), Quota{Name: "n", Rate: Rate{3, 10 * time.Second}, Peek: true})
	require.NoError(t, err)
	require.Equal(t, 3333334*time.Microsecond, look.RetryAfter)
	require.Equal(t, 3333334*time.Microsecond, take().RetryAfter, "nobody waits for an hour")
	now = now.Add(3333334 * time.Microsecond)
	require.False(t, take().Limited, "what was said holds")
	require.True(t, take().Limited)
	now = now.Add(2 * time.Hour)
	require.Equal(t, int64(2), take().Remaining)

	// A hundred thousand seconds of requests at the rate of a third each: not one too many, and none too few.
	begin, through := now.Add(time.Hour), 0
	now = begin
	for begin.Add(100_000 * time.Second / 3).After(now) {
		if !take().Limited {
			through++
		}
		now = now.Add(time.Second / 3)
	}
	require.Equal(t, 3+9999, through)
}

// A tokenBucket is a quota as anybody would write it who has numbers without end.
type tokenBucket struct {
	used  *big.Rat
	rate  *big.Rat // in a microsecond
	burst *big.Rat
	at    int64 // microseconds
}

func newTokenBucket(q Quota, at int64) *tokenBucket {
	return &tokenBucket{used: new(big.Rat), rate: big.NewRat(q.Rate.Limit, q.Rate.Window.Microseconds()), burst: big.NewRat(q.Burst, 1), at: at}
}

func (b *tokenBucket) take(now, cost int64, look bool) LimitResult {
	used := new(big.Rat).Sub(b.used, new(big.Rat).Mul(b.rate, big.NewRat(now-b.at, 1)))
	switch {
	case used.Sign() < 0:
		used.SetInt64(0)
	case used.Cmp(b.burst) > 0:
		used.Set(b.burst) // the clock was set back
	}
	with := new(big.Rat).Add(used, big.NewRat(cost, 1))
	r := LimitResult{Limited: with.Cmp(b.burst) > 0, Limit: b.burst.Num().Int64(), Window: b.earning(b.burst)}
	if r.Limited {
		r.RetryAfter = b.earning(new(big.Rat).Sub(with, b.burst))
	} else if !look {
		used = with
	}
	if !look {
		b.used, b.at = used, now
	}
	left := new(big.Rat).Sub(b.burst, used)
	r.Remaining = new(big.Int).Quo(left.Num(), left.Denom()).Int64()
	r.Count, r.ResetAfter = r.Limit-r.Remaining, b.earning(used)
	if r.Count > 0 {
		r.MoreAfter = b.earning(new(big.Rat).Sub(big.NewRat(r.Remaining+1, 1), left))
	}
	return r
}

// earning is how long it takes to earn n, rounded up.
func (b *tokenBucket) earning(n *big.Rat) time.Duration {
	n = new(big.Rat).Quo(n, b.rate)
	whole, rest := new(big.Int).QuoRem(n.Num(), n.Denom(), new(big.Int))
	return time.Duration(whole.Int64()+int64(rest.Sign())) * time.Microsecond
}

// Whatever is asked for and when, a quota answers as a bucket of tokens that loses nothing in rounding.
func TestQuotaIsATokenBucket(t *testing.T) {
	rates := []Rate{
		{1, time.Microsecond},
		{1, time.Second},
		{1, 24 * time.Hour},
		{2, time.Second},
		{3, 10 * time.Second},
		{7, time.Hour},
		{1_000_000_000, time.Second},
		{maxRate, time.Second},
		{maxRate - 1, maxTTL},
		{999_983, 999_979 * time.Microsecond},
		{86_399_999_999, 24 * time.Hour},
		{1, maxTTL / 1000},
		{3, 7 * time.Microsecond},
	}
	random := rand.New(rand.NewSource(1))
	now := time.Unix(1_700_000_000, 0)
	limits := limitsAtServerTime(t, &now)
	for n, rate := range rates {
		for i, burst := range []int64{1, 2, 3, 10, rate.Limit, 1 + random.Int63n(min(1000*rate.Limit, maxRate))} {
			q := Quota{Name: "n", Key: fmt.Sprint(n, i), Rate: rate, Burst: burst}
			if _, err := q.check(limits); err != nil {
				require.ErrorContains(t, err, "hundred years")
				continue
			}
			bucket := newTokenBucket(q, now.UnixMicro())
			for range 200 {
				q.Cost = 1 + random.Int63n(min(burst, []int64{1, 3, burst}[random.Intn(3)]))
				q.Peek = random.Intn(10) == 0
				got, err := limits.Quota(t.Context(), q)
				require.NoError(t, err)
				want := bucket.take(now.UnixMicro(), q.Cost, q.Peek)
				require.Equal(t, want, got, "%v, burst %d, cost %d", rate, burst, q.Cost)
				wait := someTime(random, got)
				if q.Peek {
					wait = max(0, wait) // the key may have ended, and what has ended does not come back with the clock
				}
				now = now.Add(wait)
			}
		}
	}
}

// someTime is how long somebody waits, who likes the edges.
func someTime(random *rand.Rand, r LimitResult) time.Duration {
	switch random.Intn(9) {
	case 0:
		return 0
	case 1:
		return time.Microsecond
	case 2:
		return min(r.RetryAfter, 24*time.Hour)
	case 3:
		return min(max(0, r.RetryAfter-time.Microsecond), 24*time.Hour)
	case 4:
		return min(r.MoreAfter, 24*time.Hour)
	case 5:
		return time.Duration(random.Int63n(int64(min(r.Window, 24*time.Hour)))).Truncate(time.Microsecond)
	case 6:
		return -time.Duration(random.Int63n(int64(min(2*r.Window, time.Hour)))).Truncate(time.Microsecond) // a clock that is set back
	case 7:
		return min(r.ResetAfter, 24*time.Hour)
	}
	return time.Duration(random.Int63n(1000)) * time.Microsecond
}
