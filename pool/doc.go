// Package pool keeps connections open and shares them out.
//
// Plain requests ([Pool.RoundTrip]) share the kept connections: several are in flight on one at a time, pipelined. What must have a connection to
// itself (WATCH, blocking commands) checks one out with [Pool.With].
//
// # What BunkerWeb's settings mean here
//
// REDIS_KEEPALIVE_POOL is [Config.Keep], how many connections are kept open. REDIS_KEEPALIVE_IDLE is [Config.IdleTimeout], how long a kept
// connection may sit unused before it is closed: never longer, and up to a quarter of a second shorter, because the pool's clock is no finer.
// [Pool.Advice] says what the pool has seen means for both.
//
// A few requests are spread over the kept connections, which are opened as they are needed, or all at once by [Pool.Warm]. Many requests share the two that are
// busiest: from about sixteen in flight on, it pays to send and to receive several at a time.
//
// While nobody has to wait, taking a connection and giving it back takes no lock in a pool that is used more often than about a hundred times a second. Whoever does
// wait is served in the order of arrival.
//
// # Dialling
//
// Dials run on goroutines of their own, apart from the caller's context: a caller who leaves does not waste a connection that is almost there. A waiter
// takes whatever comes first, its own dial or a connection that came back. At most eight are in flight at a time.
//
// While dials fail, callers are told at once why, and the next dial waits a little longer each time, up to a second; one at a time finds out whether the server is
// back, when a caller asks for it. In the first moments callers wait for that dial. When it has gone on for some tenths of a second, or when dials take
// long to fail, only the caller waits who asked first; the others are told what is known. A server that takes connections and drops them before it has
// answered anything is treated alike, from the third time in a row on.
//
// A connection that has lived for [Config.MaxLifetime] is replaced, once there is another, so that nobody waits for that.
//
// # Sending again
//
// A request is sent a second time only when that is safe: nothing of it had reached the server, or it is marked idempotent, or the server refused its first
// command because it is not, or not yet, a master, and no other command of it can have been executed. It is sent again once, on a connection whose dial
// began after the failure, and only when none of its replies had been handed over.
//
// A server that says READONLY, LOADING or MASTERDOWN is left: the pool is reset, as by [Pool.Reset], but while that does not help not more often than about
// once a second.
//
// # Errors
//
// What the pool adds to the errors of package conn: a request for which there was no connection fails with an error that satisfies [conn.NotSent], be it that
// dialling failed or that the caller's context ended, or with [ErrClosed]. When sending again fails as well before anything was sent, the error wraps both
// failures, the first one first. A dial that took longer than [Config.DialTimeout] is os.ErrDeadlineExceeded; context.DeadlineExceeded is always a
// caller's own context.
//
// The pool never classifies failures: it asks the connection whether it is dead.
//
// # What there is to see
//
// [Pool.Stats] has gauges, counters and histograms, and [Pool.Var] is the same for package expvar. [Config.Logger] hears of outages, of broken connections and
// of servers that are no master, [Config.Trace] of every dial, wait, end, reset and second attempt. Without them nothing is paid; how long requests
// and checkouts take is measured for about a hundred a second, for reading the clock costs as much as the rest of the pool's work.
package pool
