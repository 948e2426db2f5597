package pool

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// What it takes for advice. Each is chosen so that nobody changes a setting for what happened once.
const (
	enoughTime      = time.Minute
	enoughRequests  = 1000
	enoughTimes     = 10               // that something was seen
	enoughWaits     = 0.01             // of all requests
	enoughWait      = time.Millisecond // 99 of 100 waits are over by then: more connections are no use
	enoughSurplus   = time.Minute      // at least as often as that a connection above Keep was closed
	enoughRedials   = 0.5              // of all idle closes
	enoughRedialled = 10               // at least once in so many IdleTimeouts
	enoughEnded     = 5                // and more than an outage or two account for, which end Keep connections each
)

// Bounds of what is advised.
const (
	crowd     = 64     // requests in flight on one connection: with so many another one gains nothing
	maxKeep   = 10_000 // the settings allow no more
	longIdle  = 365 * 24 * time.Hour
	shortIdle = time.Second
)

// Advice says what the pool has seen means for REDIS_KEEPALIVE_POOL ([Config.Keep]) and REDIS_KEEPALIVE_IDLE ([Config.IdleTimeout]), and for MaxShare and MaxOpen
// where those are the reason: what to set, and the figures behind that; or that the settings fit, or that it is too early to say. It is never empty.
func (p *Pool) Advice() []string {
	p.mu.Lock()
	a := adviceInput{
		uptime: time.Since(p.made), keep: p.cfg.Keep, idleTimeout: p.cfg.IdleTimeout, maxShare: p.cfg.MaxShare, maxOpen: p.cfg.MaxOpen,
		waits: p.stats.Wait, dials: p.stats.Dial, dialErrors: p.stats.DialErrors, broken: p.stats.ClosedDead, resets: p.stats.ClosedReset,
		usage: p.usage,
	}
	p.mu.Unlock()
	return advise(a)
}

// An adviceInput is what advise judges by.
type adviceInput struct {
	uptime      time.Duration // since New
	keep        int           // of the Config in force, as the three that follow
	idleTimeout time.Duration
	maxShare    int
	maxOpen     int

	waits      Histogram // of callers who queued, whatever for
	dials      Histogram // that worked
	dialErrors uint64    // dials that did not
	broken     uint64    // connections closed because they were dead
	resets     uint64    // because of Reset, or because the server is no master

	usage
}

// advise returns what follows for the settings, a sentence or two for each reason, with what to set first and then why; or that they fit; or that it is too
// early to say. It is never empty.
func advise(a adviceInput) []string {
	if a.uptime < enoughTime || a.requests < enoughRequests {
		return []string{fmt.Sprintf("Too early for advice on REDIS_KEEPALIVE_POOL and REDIS_KEEPALIVE_IDLE: %d requests in %v; it takes %d and %v.",
			a.requests, a.uptime.Round(time.Second), enoughRequests, enoughTime)}
	}
	keep := min(max(a.keepForSurplus(), a.keepForShare()), maxKeep) // one value, whatever the reasons
	advice := []string{a.onSurplus(keep), a.onShare(keep), a.onAlone(), a.onEnded(), a.onRedials()}
	advice = slices.DeleteFunc(advice, func(s string) bool { return s == "" })
	switch {
	case len(advice) > 0:
		return advice
	case a.waitsMatter(a.waits.Count, a.requests):
		return []string{a.noneToBlame()}
	}
	return []string{a.fit()}
}

// keepForSurplus returns the highest Keep each connection of which would have been used again and again, rather than closed and dialled; 0 when there is no
// reason for more. One that is used less often than every IdleTimeout would not have stayed.
func (a *adviceInput) keepForSurplus() int {
	often := float64(a.uptime) / float64(min(enoughSurplus, max(a.idleTimeout, 1)))
	var closed uint64
	for i, n := range slices.Backward(a.surplus[:]) {
		if closed += n; float64(closed) >= max(often, enoughTimes) {
			return a.keep + i + 1
		}
	}
	return 0
}

// onSurplus is about connections that were closed because enough were kept.
func (a *adviceInput) onSurplus(keep int) string {
	if a.keepForSurplus() <= a.keep || keep <= a.keep {
		return ""
	}
	var closed, spared uint64
	for i, n := range a.surplus {
		closed += n
		if i < keep-a.keep {
			spared += n
		}
	}
	return fmt.Sprintf("%s: %d connections, %.1f a minute and %s of those dialled, were closed on their return because %d were kept already. "+
		"%d of them would have stayed; a dial takes %v on average.",
		a.raiseKeep(keep), closed, float64(closed)/a.uptime.Minutes(), percent(closed, a.dials.Count), a.keep, spared, brief(a.dials.Mean()))
}

// keepForShare returns the Keep with which nobody would have queued because of MaxShare; 0 when few did, or when more connections are no use.
func (a *adviceInput) keepForShare() int {
	if !a.waitsMatter(a.shareWaits, a.shared()) || a.maxShare >= crowd || a.maxShare <= 0 {
		return 0
	}
	return a.keep + max(1, (a.longestShare+a.maxShare-1)/a.maxShare)
}

// onShare is about requests that queued because of MaxShare.
func (a *adviceInput) onShare(keep int) string {
	if !a.waitsMatter(a.shareWaits, a.shared()) {
		return ""
	}
	reason := fmt.Sprintf("%d of %d shared requests (%s) waited because all connections had %d requests in flight, up to %d at once; "+
		"the p99 of all waits is %v.", a.shareWaits, a.shared(), percent(a.shareWaits, a.shared()), a.maxShare, a.longestShare, brief(a.waits.Quantile(0.99)))
	switch {
	case a.maxShare >= crowd:
		return fmt.Sprintf("REDIS_KEEPALIVE_POOL=%d is not what limits: %s With more connections they would wait in the server instead.", a.keep, reason)
	case keep <= a.keep:
		return ""
	}
	return fmt.Sprintf("%s, or Config.MaxShare: %s", a.raiseKeep(keep), reason)
}

// onAlone is about callers who queued because of MaxOpen.
func (a *adviceInput) onAlone() string {
	more := min(a.maxOpen+max(a.longestAlone, 1), maxConnections)
	if !a.waitsMatter(a.aloneWaits, a.requestsAlone) || more <= a.maxOpen {
		return ""
	}
	return fmt.Sprintf("Raise Config.MaxOpen from %d to %d, or hold connections for a shorter time: %d of %d callers who need a connection alone (%s) waited "+
		"because %d were checked out, up to %d at once; the p99 of all waits is %v. REDIS_KEEPALIVE_POOL does not change that.",
		a.maxOpen, more, a.aloneWaits, a.requestsAlone, percent(a.aloneWaits, a.requestsAlone), a.maxOpen-a.keep, a.longestAlone, brief(a.waits.Quantile(0.99)))
}

// serverLimit reports whether connections end by themselves once unused for a certain time. Restarts and outages do not look like that: they end connections
// after shorter pauses than others survive.
func (a *adviceInput) serverLimit() bool {
	return a.ended >= enoughEnded && a.ended/2 > uint64(max(a.keep, 0)) && a.shortestEnded > a.longestSpared
}

// onEnded is about a limit of the server, or of something on the way to it, that is below IdleTimeout.
func (a *adviceInput) onEnded() string {
	// The limit is between the longest pause survived and the shortest that was not. Where they are far apart, half-way is worth a try.
	idle := min(max(roundDown(max(a.longestSpared, a.shortestEnded/2)), shortIdle), longIdle)
	if !a.serverLimit() || idle >= a.idleTimeout {
		return ""
	}
	survived := "none is known to have survived a shorter one"
	if a.longestSpared > 0 {
		survived = fmt.Sprintf("the longest pause that one survived is %s", setting(brief(a.longestSpared)))
	}
	return fmt.Sprintf("Lower REDIS_KEEPALIVE_IDLE from %s to %s, or raise the limit of the server (its setting timeout) or of what is on the way to it "+
		"above %s: %d connections had ended when they were wanted again after a pause of %s or more; %s.",
		setting(a.idleTimeout), setting(idle), setting(a.idleTimeout), a.ended, setting(brief(a.shortestEnded)), survived)
}

// onRedials is about connections that were closed shortly before they were wanted again.
func (a *adviceInput) onRedials() string {
	rare := float64(a.uptime) > float64(a.redials)*enoughRedialled*float64(a.idleTimeout)
	if a.redials < enoughTimes || rare || float64(a.redials) < enoughRedials*float64(a.idleCloses) || a.serverLimit() {
		return ""
	}
	idle := min(roundUp(min(a.longestGap, longIdle)*11/10), longIdle)
	if idle <= a.idleTimeout {
		return ""
	}
	return fmt.Sprintf("Raise REDIS_KEEPALIVE_IDLE from %s to %s: %d of %d connections closed because they were unused were wanted again at most %s after their "+
		"last use, which is %s of all dials; a dial takes %v on average.",
		setting(a.idleTimeout), setting(idle), a.redials, a.idleCloses, setting(brief(a.longestGap)), percent(a.redials, a.dials.Count), brief(a.dials.Mean()))
}

// noneToBlame is about waits for which nothing above is the reason.
func (a *adviceInput) noneToBlame() string {
	return fmt.Sprintf("%s waited for a connection, and nothing measured says that another REDIS_KEEPALIVE_POOL than %d or REDIS_KEEPALIVE_IDLE than %s would "+
		"change that: %d dials worked, %v on average, %d failed, %d connections broke, %d were given up by resets.",
		a.waited(), a.keep, setting(a.idleTimeout), a.dials.Count, brief(a.dials.Mean()), a.dialErrors, a.broken, a.resets)
}

// fit says that there is nothing to say, and of what.
func (a *adviceInput) fit() string {
	var surplus uint64
	for _, n := range a.surplus {
		surplus += n
	}
	keep := fmt.Sprintf("REDIS_KEEPALIVE_POOL=%d (at most %d connections were in use at once, %d were closed because enough were kept)",
		a.keep, a.busiest, surplus)
	if a.uptime/2 < a.idleTimeout {
		return fmt.Sprintf("So far %s fits. %s waited for a connection. It is too early for advice on REDIS_KEEPALIVE_IDLE=%s, which takes twice as long.",
			keep, a.waited(), setting(a.idleTimeout))
	}
	return fmt.Sprintf("The settings fit: %s and REDIS_KEEPALIVE_IDLE=%s (%d were closed because they were unused, %d of them wanted again within that time). "+
		"%s waited for a connection.", keep, setting(a.idleTimeout), a.idleCloses, a.redials, a.waited())
}

// waited begins a sentence on waits.
func (a *adviceInput) waited() string {
	return fmt.Sprintf("%d of %d requests in %v (%s, p99 %v)",
		a.waits.Count, a.requests, a.uptime.Round(time.Second), percent(a.waits.Count, a.requests), brief(a.waits.Quantile(0.99)))
}

// raiseKeep begins a sentence that says so.
func (a *adviceInput) raiseKeep(keep int) string {
	text := fmt.Sprintf("Raise REDIS_KEEPALIVE_POOL from %d to %d", a.keep, keep)
	follows := a.maxOpen == a.keep+DefaultExclusive
	if open := min(a.maxOpen+keep-a.keep, maxConnections); !follows && open > a.maxOpen {
		text += fmt.Sprintf(", with Config.MaxOpen from %d to %d", a.maxOpen, open)
	}
	return text
}

// shared returns how many requests need no connection to themselves.
func (a *adviceInput) shared() uint64 { return a.requests - a.requestsAlone }

// waitsMatter reports whether so many of so many waited, and for so long, that it is worth a change.
func (a *adviceInput) waitsMatter(n, of uint64) bool {
	return n >= enoughTimes && float64(n) >= enoughWaits*float64(of) && a.waits.Quantile(0.99) >= enoughWait
}

func percent(n, of uint64) string {
	return fmt.Sprintf("%.1f %%", 100*min(float64(n)/max(float64(of), 1), 1))
}

// brief returns a duration with no more than four digits.
func brief(d time.Duration) time.Duration {
	unit := time.Nanosecond
	for d/unit >= 10_000 {
		unit *= 10
	}
	return d.Round(unit)
}

// setting shows a duration in seconds, as one that reads the settings expects.
func setting(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}

// roundDown and roundUp return a time that somebody would choose.
func roundDown(d time.Duration) time.Duration { return d.Truncate(step(d)) }

func roundUp(d time.Duration) time.Duration { return (d + step(d) - 1).Truncate(step(d)) }

func step(d time.Duration) time.Duration {
	switch {
	case d < time.Minute:
		return time.Second
	case d < 10*time.Minute:
		return 5 * time.Second
	}
	return time.Minute
}
