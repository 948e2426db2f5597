package pool

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// these makes a histogram of n equal durations.
func these(n int, d time.Duration) (h Histogram) {
	for range n {
		h.observe(d)
	}
	return h
}

// fitting is a pool of which there is nothing to say. Tests change it.
func fitting() adviceInput {
	return adviceInput{
		uptime: 2 * time.Hour, keep: 3, idleTimeout: 5 * time.Minute, maxShare: DefaultMaxShare, maxOpen: 3 + DefaultExclusive,
		waits: these(15, 2*time.Millisecond), dials: these(2000, 3*time.Millisecond),
		usage: usage{requests: 100_000, requestsAlone: 1000, busiest: 3, idleCloses: 4, redials: 1},
	}
}

// advice is what follows from fitting when it is changed.
func advice(change func(a *adviceInput)) []string {
	a := fitting()
	change(&a)
	return advise(a)
}

const fits = "The settings fit: REDIS_KEEPALIVE_POOL=3 (at most 3 connections were in use at once, 0 were closed because enough were kept) and " +
	"REDIS_KEEPALIVE_IDLE=300s (4 were closed because they were unused, 1 of them wanted again within that time). " +
	"15 of 100000 requests in 2h0m0s (0.0 %, p99 2ms) waited for a connection."

func TestAdviceThatSettingsFit(t *testing.T) {
	require.Equal(t, []string{fits}, advise(fitting()))
}

func TestAdviceNeedsTimeAndRequests(t *testing.T) {
	require.Equal(t, []string{"Too early for advice on REDIS_KEEPALIVE_POOL and REDIS_KEEPALIVE_IDLE: 100000 requests in 1m0s; it takes 1000 and 1m0s."},
		advice(func(a *adviceInput) { a.uptime = time.Minute - 1 }))
	require.Equal(t, []string{"Too early for advice on REDIS_KEEPALIVE_POOL and REDIS_KEEPALIVE_IDLE: 999 requests in 2h0m0s; it takes 1000 and 1m0s."},
		advice(func(a *adviceInput) { a.requests = 999 }))
	require.Equal(t, []string{"So far REDIS_KEEPALIVE_POOL=3 (at most 3 connections were in use at once, 0 were closed because enough were kept) fits. " +
		"15 of 1000 requests in 1m0s (1.5 %, p99 900µs) waited for a connection. " +
		"It is too early for advice on REDIS_KEEPALIVE_IDLE=300s, which takes twice as long."},
		advice(func(a *adviceInput) {
			a.uptime, a.requests, a.waits = time.Minute, 1000, these(15, 900*time.Microsecond)
		}))
	require.Contains(t, advice(func(a *adviceInput) { a.uptime = 10*time.Minute - 2 })[0], "It is too early for advice on REDIS_KEEPALIVE_IDLE")
	require.Contains(t, advice(func(a *adviceInput) { a.uptime = 10 * time.Minute })[0], "The settings fit")
}

// surplus makes that of a pool from which each number of connections above Keep was closed so often.
func surplus(times ...uint64) (counts [maxExcess]uint64) {
	copy(counts[:], times)
	return counts
}

func TestAdviceOnSurplus(t *testing.T) {
	// Two hours: 120 times and more is once a minute.
	require.Equal(t, []string{"Raise REDIS_KEEPALIVE_POOL from 3 to 6: 1001 connections, 8.3 a minute and 50.0 % of those dialled, were closed on " +
		"their return because 3 were kept already. 1000 of them would have stayed; a dial takes 3ms on average."},
		advice(func(a *adviceInput) { a.surplus = surplus(600, 280, 120, 1) }))
	for name, tc := range map[string]struct {
		change func(a *adviceInput)
		keep   string // "": the settings fit
	}{
		"once a minute":                {func(a *adviceInput) { a.surplus = surplus(120) }, "4"},
		"not once a minute":            {func(a *adviceInput) { a.surplus = surplus(119) }, ""},
		"those above need those below": {func(a *adviceInput) { a.surplus = surplus(0, 0, 120) }, "6"},
		"together":                     {func(a *adviceInput) { a.surplus = surplus(0, 60, 60) }, "5"},
		"one large burst":              {func(a *adviceInput) { a.surplus = surplus(slices.Repeat([]uint64{1}, 60)...) }, ""},
		"one large burst and many small": {func(a *adviceInput) {
			a.surplus = surplus(slices.Repeat([]uint64{1}, 60)...)
			a.surplus[1] = 500
		}, "5"},
		"all that can be told apart": {func(a *adviceInput) { a.surplus[maxExcess-1] = 1e6 }, "131"},
		"ten times in a minute":      {func(a *adviceInput) { a.uptime, a.surplus = time.Minute, surplus(10) }, "4"},
		"nine times in a minute":     {func(a *adviceInput) { a.uptime, a.surplus = time.Minute, surplus(9) }, ""},
		"it would not have stayed, IdleTimeout is shorter": {func(a *adviceInput) {
			a.idleTimeout, a.surplus = 30*time.Second, surplus(239)
		}, ""},
		"it would have stayed":      {func(a *adviceInput) { a.idleTimeout, a.surplus = 30*time.Second, surplus(240) }, "4"},
		"the settings end at 10000": {func(a *adviceInput) { a.keep, a.maxOpen, a.surplus = 9999, 10063, surplus(120, 120) }, "10000"},
		"the settings end there":    {func(a *adviceInput) { a.keep, a.maxOpen, a.surplus = 10000, 10064, surplus(120, 120) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			said := advice(tc.change)
			require.Len(t, said, 1)
			if tc.keep == "" {
				require.Regexp(t, "fit", said[0])
				return
			}
			require.Regexp(t, `^Raise REDIS_KEEPALIVE_POOL from \d+ to `+tc.keep+":", said[0])
		})
	}
}

func TestAdviceOnKeepMindsMaxOpen(t *testing.T) {
	said := advice(func(a *adviceInput) { a.maxOpen, a.surplus = 10, surplus(0, 0, 500) })
	require.Regexp(t, `^Raise REDIS_KEEPALIVE_POOL from 3 to 6, with Config.MaxOpen from 10 to 13: `, said[0])
}

// sharing is a pool that queues 1 of 99 shared requests.
func sharing(a *adviceInput) {
	a.maxShare, a.shareWaits, a.longestShare, a.waits = 8, 1000, 20, these(1000, 38*time.Millisecond)
}

func TestAdviceOnSharing(t *testing.T) {
	require.Equal(t, []string{"Raise REDIS_KEEPALIVE_POOL from 3 to 6, or Config.MaxShare: 1000 of 99000 shared requests (1.0 %) waited because " +
		"all connections had 8 requests in flight, up to 20 at once; the p99 of all waits is 38ms."}, advice(sharing))
	require.Equal(t, []string{"REDIS_KEEPALIVE_POOL=3 is not what limits: 1000 of 99000 shared requests (1.0 %) waited because all connections " +
		"had 1024 requests in flight, up to 20 at once; the p99 of all waits is 38ms. With more connections they would wait in the server instead."},
		advice(func(a *adviceInput) { sharing(a); a.maxShare = DefaultMaxShare }))

	still := func(change func(a *adviceInput)) string {
		return advice(func(a *adviceInput) { sharing(a); change(a) })[0]
	}
	require.Contains(t, still(func(a *adviceInput) { a.maxShare = 63 }), "Raise REDIS_KEEPALIVE_POOL from 3 to 4")
	require.Contains(t, still(func(a *adviceInput) { a.maxShare = 64 }), "not what limits")
	require.Contains(t, still(func(a *adviceInput) { a.longestShare = 24 }), "to 6")
	require.Contains(t, still(func(a *adviceInput) { a.longestShare = 25 }), "to 7")
	require.Contains(t, still(func(a *adviceInput) { a.longestShare = 0 }), "to 4")
	require.Contains(t, still(func(a *adviceInput) { a.shareWaits = 990 }), "Raise")
	require.NotContains(t, still(func(a *adviceInput) { a.shareWaits = 989 }), "Raise", "less than one in a hundred")
	few := func(n int) string {
		return still(func(a *adviceInput) {
			a.requests, a.requestsAlone, a.shareWaits, a.waits = 1000, 500, uint64(n), these(n, 38*time.Millisecond)
		})
	}
	require.Contains(t, few(10), "Raise")
	require.Contains(t, few(9), "The settings fit", "more than one in a hundred, but not ten")
	require.Contains(t, still(func(a *adviceInput) { a.waits = these(1000, time.Millisecond) }), "Raise")
	require.Contains(t, still(func(a *adviceInput) { a.waits = these(1000, time.Millisecond-1) }), "The settings fit", "they wait, but not long")

	both := advice(func(a *adviceInput) { sharing(a); a.surplus = surplus(0, 0, 0, 0, 500) })
	require.Len(t, both, 2)
	for _, said := range both {
		require.Contains(t, said, "Raise REDIS_KEEPALIVE_POOL from 3 to 8", "one value, whatever the reasons")
	}
	both = advice(func(a *adviceInput) { sharing(a); a.maxShare, a.longestShare, a.surplus = 64, 6400, surplus(500) })
	require.Contains(t, both[0], "Raise REDIS_KEEPALIVE_POOL from 3 to 4", "one reason is none")
}

func TestAdviceOnCheckouts(t *testing.T) {
	const enough = 10
	alone := func(a *adviceInput) {
		a.aloneWaits, a.longestAlone, a.waits = enough, 13, these(enough, 38*time.Millisecond)
	}
	require.Equal(t, []string{"Raise Config.MaxOpen from 67 to 80, or hold connections for a shorter time: 10 of 1000 callers who need a connection " +
		"alone (1.0 %) waited because 64 were checked out, up to 13 at once; the p99 of all waits is 38ms. REDIS_KEEPALIVE_POOL does not change that."}, advice(alone))
	still := func(change func(a *adviceInput)) string {
		return advice(func(a *adviceInput) { alone(a); change(a) })[0]
	}
	require.Contains(t, still(func(a *adviceInput) { a.aloneWaits-- }), "The settings fit")
	require.Contains(t, still(func(a *adviceInput) { a.requestsAlone = 100 }), "(10.0 %)")
	require.Contains(t, still(func(a *adviceInput) { a.requestsAlone = 100; a.aloneWaits = 9 }), "The settings fit", "a tenth of them, but not ten")
	require.Contains(t, still(func(a *adviceInput) { a.requestsAlone = 1001 }), "The settings fit")
	require.Contains(t, still(func(a *adviceInput) { a.waits = these(enough, time.Millisecond-1) }), "The settings fit")
	require.Contains(t, still(func(a *adviceInput) { a.longestAlone = 0 }), "from 67 to 68")
	require.Contains(t, still(func(a *adviceInput) { a.maxOpen = maxConnections }), "The settings fit")
}

func TestAdviceOnServersThatCloseWhatIsIdle(t *testing.T) {
	closing := func(a *adviceInput) {
		a.ended, a.shortestEnded, a.longestSpared = 12, 61*time.Second, 55400*time.Millisecond
	}
	require.Equal(t, []string{"Lower REDIS_KEEPALIVE_IDLE from 300s to 55s, or raise the limit of the server (its setting timeout) or of what is on " +
		"the way to it above 300s: 12 connections had ended when they were wanted again after a pause of 61s or more; " +
		"the longest pause that one survived is 55.4s."}, advice(closing))
	still := func(change func(a *adviceInput)) string {
		return advice(func(a *adviceInput) { closing(a); change(a) })[0]
	}
	require.Contains(t, still(func(a *adviceInput) { a.longestSpared = 0 }),
		"from 300s to 30s, or raise the limit of the server (its setting timeout) or of what is on the way to it above 300s: 12 connections had ended when they "+
			"were wanted again after a pause of 61s or more; none is known to have survived a shorter one.")
	require.Contains(t, still(func(a *adviceInput) { a.longestSpared = 2 * time.Second }), "from 300s to 30s", "half-way is worth a try")
	require.Contains(t, still(func(a *adviceInput) { a.longestSpared = 61*time.Second - 1 }), "from 300s to 60s")
	require.Contains(t, still(func(a *adviceInput) { a.longestSpared = 61 * time.Second }), "The settings fit", "it is not the pause that ended them")
	require.Contains(t, still(func(a *adviceInput) { a.ended = 8 }), "Lower")
	require.Contains(t, still(func(a *adviceInput) { a.ended = 7 }), "The settings fit", "two outages do that")
	require.Contains(t, still(func(a *adviceInput) { a.keep, a.maxOpen, a.ended = 1, 65, 5 }), "Lower")
	require.Contains(t, still(func(a *adviceInput) { a.keep, a.maxOpen, a.ended = 1, 65, 4 }), "The settings fit")
	require.Contains(t, still(func(a *adviceInput) { a.shortestEnded, a.longestSpared = 1500*time.Millisecond, 0 }), "to 1s")
	require.Contains(t, still(func(a *adviceInput) { a.idleTimeout = 55 * time.Second }), "The settings fit", "lower it is already")
	require.Contains(t, still(func(a *adviceInput) { a.idleTimeout = 55*time.Second + 1 }), "Lower")
}

func TestAdviceOnRedials(t *testing.T) {
	missing := func(a *adviceInput) {
		a.idleTimeout, a.idleCloses, a.redials, a.longestGap = 30*time.Second, 80, 40, 45*time.Second
	}
	require.Equal(t, []string{"Raise REDIS_KEEPALIVE_IDLE from 30s to 50s: 40 of 80 connections closed because they were unused were wanted again at most 45s " +
		"after their last use, which is 2.0 % of all dials; a dial takes 3ms on average."}, advice(missing))
	still := func(change func(a *adviceInput)) string {
		return advice(func(a *adviceInput) { missing(a); change(a) })[0]
	}
	require.Contains(t, still(func(a *adviceInput) { a.idleCloses = 81 }), "The settings fit", "most were not missed")
	require.Contains(t, still(func(a *adviceInput) { a.redials, a.idleCloses = 24, 24 }), "Raise", "once in five minutes")
	require.Contains(t, still(func(a *adviceInput) { a.redials, a.idleCloses = 23, 23 }), "The settings fit", "not once in five minutes")
	require.Contains(t, still(func(a *adviceInput) { a.uptime, a.redials, a.idleCloses = time.Hour/2, 10, 10 }), "Raise")
	require.Contains(t, still(func(a *adviceInput) { a.uptime, a.redials, a.idleCloses = time.Hour/2, 9, 9 }), "The settings fit")
	require.Contains(t, still(func(a *adviceInput) { a.longestGap = 54600 * time.Millisecond }), "to 65s", "a tenth more, rounded up")
	require.Contains(t, still(func(a *adviceInput) { a.longestGap = 0 }), "The settings fit", "nothing to go by")
	require.Contains(t, still(func(a *adviceInput) { a.idleTimeout, a.longestGap = longIdle-1, longIdle }), "to 31536000s", "the settings allow no more")
	require.Contains(t, still(func(a *adviceInput) {
		a.idleTimeout, a.longestGap = 300*time.Millisecond, 500*time.Millisecond
		a.redials, a.idleCloses = 3e4, 4e4
	}), "from 0.3s to 1s")
	require.Contains(t, still(func(a *adviceInput) { a.longestGap = 50 * time.Second }), "to 55s", "and no more")
	require.Contains(t, still(func(a *adviceInput) { a.longestGap = math.MaxInt64 / 8 }), "to 31536000s")
	said := advice(func(a *adviceInput) { missing(a); a.ended, a.shortestEnded = 12, 20*time.Second })
	require.Len(t, said, 1, "the server would not allow it")
	require.Contains(t, said[0], "Lower")
}

func TestAdviceWhenNeitherSettingIsToBlame(t *testing.T) {
	waiting := func(a *adviceInput) {
		a.waits, a.dialErrors, a.broken, a.resets = these(1000, 38*time.Millisecond), 40, 12, 9
	}
	require.Equal(t, []string{"1000 of 100000 requests in 2h0m0s (1.0 %, p99 38ms) waited for a connection, and nothing measured says that another " +
		"REDIS_KEEPALIVE_POOL than 3 or REDIS_KEEPALIVE_IDLE than 300s would change that: 2000 dials worked, 3ms on average, 40 failed, 12 connections broke, " +
		"9 were given up by resets."}, advice(waiting))
	require.Contains(t, advice(func(a *adviceInput) { waiting(a); a.waits = these(999, 38*time.Millisecond) })[0], "The settings fit")
	require.Contains(t, advice(func(a *adviceInput) { waiting(a); a.waits = these(1000, time.Millisecond-1) })[0], "The settings fit")
	said := advice(func(a *adviceInput) { waiting(a); a.surplus = surplus(500) })
	require.Len(t, said, 1)
	require.Contains(t, said[0], "Raise", "where there is a reason, it stands alone")
}

func TestAdviceOnSeveralThingsAtOnce(t *testing.T) {
	said := advice(func(a *adviceInput) {
		sharing(a)
		a.surplus = surplus(500)
		a.aloneWaits = 500
		a.idleTimeout, a.idleCloses, a.redials, a.longestGap = 30*time.Second, 80, 40, 45*time.Second
	})
	require.Len(t, said, 4)
	for i, begin := range []string{"Raise REDIS_KEEPALIVE_POOL", "Raise REDIS_KEEPALIVE_POOL", "Raise Config.MaxOpen", "Raise REDIS_KEEPALIVE_IDLE"} {
		require.Regexp(t, "^"+begin, said[i])
	}
}

// Whatever was measured, there is an answer; it has no figure that makes no sense, and does not ask for what the settings refuse.
func TestAdviceOnAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	asked := map[string]int{}
	for range 3000 {
		a := anything(random)
		said := advise(a)
		require.NotEmpty(t, said)
		for _, text := range said {
			require.NotRegexp(t, `NaN|Inf|%!|  `, text)
			asked[regexp.MustCompile(`^\S+ \S+`).FindString(text)]++
			sensible(t, a, text)
		}
	}
	require.Greater(t, len(asked), 5, "%v", asked)
	require.NotEmpty(t, advise(adviceInput{}))
	require.Equal(t, "0.0 %", percent(0, 0))
	for _, n := range []int64{math.MinInt64, -1, 1, math.MaxInt64} { // what no pool has
		a := anything(random)
		a.uptime, a.idleTimeout, a.keep, a.maxShare, a.maxOpen = math.MaxInt64, time.Duration(n), int(n), int(n), int(n)
		a.longestGap, a.shortestEnded, a.longestSpared = time.Duration(n), time.Duration(n), time.Duration(n)
		require.NotEmpty(t, advise(a))
	}
	require.NotEmpty(t, advice(func(a *adviceInput) { sharing(a); a.maxShare = 0 }))
}

// sensible checks a value that is advised.
func sensible(t *testing.T, a adviceInput, text string) {
	for setting, most := range map[string]float64{"REDIS_KEEPALIVE_POOL": maxKeep, "REDIS_KEEPALIVE_IDLE": longIdle.Seconds(), "MaxOpen": maxConnections} {
		for _, match := range regexp.MustCompile(`(Raise|Lower|with) (?:Config\.)?`+setting+` from ([0-9.]+)s? to ([0-9.]+)`).FindAllStringSubmatch(text, -1) {
			from, err := strconv.ParseFloat(match[2], 64)
			require.NoError(t, err)
			to, err := strconv.ParseFloat(match[3], 64)
			require.NoError(t, err)
			require.LessOrEqual(t, to, most, "%s", text)
			require.Positive(t, to, "%s", text)
			require.Equal(t, match[1] == "Lower", to < from, "%s", text)
			require.NotEqual(t, from, to, "%s", text)
		}
	}
}

// anything makes the measurements of a pool whose configuration is valid and that has seen no matter what.
func anything(random *rand.Rand) adviceInput {
	count := func() uint64 { return random.Uint64() >> random.IntN(64) }
	some := func(most int) int { return 1 + random.IntN(max(1, most>>random.IntN(20))) }
	long := func() time.Duration { return time.Duration(random.Int64() >> random.IntN(63)) }
	a := adviceInput{
		uptime: long(), keep: some(20_000), idleTimeout: 1 + long()/2, maxShare: some(4096),
		dialErrors: count(), broken: count(), resets: count(),
		usage: usage{
			requests: count(), requestsAlone: count(), busiest: some(1000), shareWaits: count(), longestShare: some(1 << 20), aloneWaits: count(),
			longestAlone: some(1 << 20), idleCloses: count(), redials: count(), longestGap: long(), ended: count(), shortestEnded: long(), longestSpared: long(),
		},
	}
	a.maxOpen = min(a.keep+some(200_000), maxConnections)
	for range random.IntN(5) {
		a.surplus[random.IntN(maxExcess)] = count()
		a.waits.observe(long())
		a.dials.observe(long())
	}
	return a
}
