package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/bwstate"
)

// current is what the settings say now.
type current struct {
	keep          int
	idle, timeout time.Duration
	unit          bwstate.Unit
}

// figures are all that was measured.
type figures struct {
	now           current
	cells         []cell
	idles         []idle
	serverTimeout time.Duration // after which the server closes idle connections; 0: never
	timeoutKnown  bool
}

// A recommendation is what to set a setting to, and why.
type recommendation struct {
	setting, value, now, why string
}

func recommend(f figures) []recommendation {
	keep, whyKeep := recommendKeep(f.cells)
	idle, whyIdle := recommendIdle(f.idles, f.serverTimeout, f.timeoutKnown)
	timeout, whyTimeout := recommendTimeout(f.cells, f.idles)
	return []recommendation{
		{"REDIS_KEEPALIVE_POOL", strconv.Itoa(keep), strconv.Itoa(f.now.keep), whyKeep},
		{"REDIS_KEEPALIVE_IDLE", inUnit(idle, f.now.unit), inUnit(f.now.idle, f.now.unit), whyIdle},
		{"REDIS_TIMEOUT", inUnit(timeout, f.now.unit), inUnit(f.now.timeout, f.now.unit), whyTimeout},
	}
}

// inUnit writes a duration as a setting: a bare number where that is whole.
func inUnit(d time.Duration, unit bwstate.Unit) string {
	one := time.Second
	if unit == bwstate.Milliseconds {
		one = time.Millisecond
	}
	if d%one == 0 {
		return strconv.FormatInt(int64(d/one), 10)
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// What is good enough.
const (
	enoughRate = 0.95 // of the throughput of the best pool, averaged over all situations
	enoughP99  = 1.25 // times the p99 of the best pool
	steadyRate = 0.85 // of the highest throughput: where even the best pool has less on average, which one is best changes with chance
)

// A score is how a pool does on average, where 1 is best in every situation: geometric means of its throughput over the highest, and of its p99 over the lowest.
type score struct {
	kept      int
	rate, p99 float64
}

// scores returns those of all pools, the smallest first.
func scores(cells []cell) []score {
	type situation struct {
		callers int
		added   time.Duration
	}
	highest, lowest := map[situation]float64{}, map[situation]float64{}
	for _, c := range cells {
		s := situation{c.callers, c.added}
		highest[s] = max(highest[s], c.rate)
		if low, ok := lowest[s]; !ok || float64(c.p99) < low {
			lowest[s] = float64(c.p99)
		}
	}
	logs, counts := map[int]*score{}, map[int]int{}
	for _, c := range cells {
		s := situation{c.callers, c.added}
		if c.rate <= 0 || c.p99 <= 0 {
			continue
		}
		if logs[c.kept] == nil {
			logs[c.kept] = &score{kept: c.kept}
		}
		logs[c.kept].rate += math.Log(c.rate / highest[s])
		logs[c.kept].p99 += math.Log(float64(c.p99) / lowest[s])
		counts[c.kept]++
	}
	var all []score
	for kept, s := range logs {
		n := float64(counts[kept])
		all = append(all, score{kept, math.Exp(s.rate / n), math.Exp(s.p99 / n)})
	}
	slices.SortFunc(all, func(a, b score) int { return cmp.Compare(a.kept, b.kept) })
	return all
}

// recommendKeep returns the fewest connections that are good enough in both; where none are, the fewest with enough throughput.
func recommendKeep(cells []cell) (kept int, why string) {
	all := scores(cells)
	if len(all) == 0 {
		return 0, "Nothing was measured."
	}
	bestRate := slices.MaxFunc(all, func(a, b score) int { return cmp.Compare(a.rate, b.rate) })
	bestP99 := slices.MinFunc(all, func(a, b score) int { return cmp.Compare(a.p99, b.p99) })
	fast := func(s score) bool { return s.rate >= enoughRate*bestRate.rate }
	i := slices.IndexFunc(all, func(s score) bool { return fast(s) && s.p99 <= enoughP99*bestP99.p99 })
	reason := ""
	if i < 0 {
		i = slices.IndexFunc(all, fast)
		reason = " No number of connections is good in both throughput and p99; throughput was looked at first."
	}
	s := all[i]
	why = fmt.Sprintf("%d is the fewest kept connections with at least %.0f %% of the throughput of the best number and at most %.2f times the p99 of the best, averaged over all callers and "+
		"latencies: throughput is %.0f %% of the highest in each situation (%d has the most, %.0f %%), and p99 %.2f times the lowest (%d has the least, %.2f times).%s",
		s.kept, 100*enoughRate, enoughP99, 100*s.rate, bestRate.kept, 100*bestRate.rate, s.p99, bestP99.kept, bestP99.p99, reason)
	if bestRate.rate < steadyRate {
		why += " The figures are far apart, as on a machine that has other work: measure again when it has none, and for longer."
	}
	if busiest, ok := busiest(cells, s.kept); ok {
		why += fmt.Sprintf(" With %d callers and %v added it serves %s requests a second, p99 %v.",
			busiest.callers, busiest.added, versus.FormatRate(busiest.rate), round(busiest.p99))
	}
	return s.kept, why
}

// busiest is the cell with the highest throughput for a pool.
func busiest(cells []cell, kept int) (found cell, ok bool) {
	for _, c := range cells {
		if c.kept == kept && c.rate > found.rate {
			found, ok = c, true
		}
	}
	return found, ok
}

// longestIdle is BunkerWeb's documented default. A connection that was not used for so long is hardly used at all, and firewalls between forget it.
const longestIdle = 300 * time.Second

// recommendIdle returns for how long connections may be idle: as long as is usual, and always less than the server allows.
func recommendIdle(idles []idle, serverTimeout time.Duration, known bool) (d time.Duration, why string) {
	d = longestIdle
	switch {
	case !known:
		why = fmt.Sprintf("The server did not say after how long it closes idle connections (CONFIG GET timeout is not allowed, or there is no server), so this is the usual %v; "+
			"if it closes them earlier, Pool.Advice says so after a while.", longestIdle)
	case serverTimeout == 0:
		why = fmt.Sprintf("The server never closes idle connections (its timeout is 0), so this is the usual %v.", longestIdle)
	case below(serverTimeout) < longestIdle:
		d = below(serverTimeout)
		why = fmt.Sprintf("The server closes connections that were idle for %v (its timeout); this is a tenth below, so that a connection is given up here before it is there.", serverTimeout)
	default:
		why = fmt.Sprintf("The server closes connections that were idle for %v (its timeout), later than the usual %v.", serverTimeout, longestIdle)
	}
	for _, i := range idles {
		if i.way == idles[0].way { // the table has the others
			why += fmt.Sprintf(" %s, a request takes %v after a shorter pause, with the question whether the connection lives, and %v after a longer one, with a dial.",
				situationOf(i), round(i.probed), round(i.redialled))
		}
	}
	return d, why
}

// below is a tenth less, in whole seconds where there are some.
func below(timeout time.Duration) time.Duration {
	d := timeout - timeout/10
	if d >= time.Second {
		d = d.Truncate(time.Second)
	}
	return d
}

func situationOf(i idle) string {
	if i.way == "" {
		return fmt.Sprintf("With %v added", i.added)
	}
	return fmt.Sprintf("With %v added (%s)", i.added, i.way)
}

// What the longest wait is multiplied with, and what a lost packet costs while a connection is made.
const (
	timeoutFactor = 4
	lostSYN       = time.Second // until the first packet of a connection is sent again (RFC 6298, section 2)
	timeoutStep   = 500 * time.Millisecond
)

// recommendTimeout returns how long to wait for a reply, and for a connection.
func recommendTimeout(cells []cell, idles []idle) (d time.Duration, why string) {
	var slowest cell
	for _, c := range cells {
		if c.longest > slowest.longest {
			slowest = c
		}
	}
	var dialled idle
	for _, i := range idles {
		if i.slowestDial > dialled.slowestDial {
			dialled = i
		}
	}
	byReply, byDial := timeoutFactor*slowest.longest, lostSYN+2*dialled.slowestDial
	d = max(byReply, byDial)
	d = (d + timeoutStep - 1).Truncate(timeoutStep)
	return d, fmt.Sprintf("The setting bounds each reply and each dial. The longest reply took %v (%s on %s, %v added); %d times that is %v, because what was measured for minutes is not "+
		"the worst of a month. The slowest dial took %v (%v added); where its first packet is lost, it is sent again only after %v, so a dial gets that and twice its time: %v. This is the larger one, "+
		"rounded up to half a second: a server that is away is noticed after that, and nothing that works is given up.",
		round(slowest.longest), countOf(slowest.callers, "caller"), countOf(slowest.kept, "connection"), slowest.added, timeoutFactor, round(byReply), round(dialled.slowestDial), dialled.added, lostSYN, round(byDial))
}

// round leaves three digits, about.
func round(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
}
