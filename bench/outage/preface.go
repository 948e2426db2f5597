package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/clients"
)

const preface = `# Outages compared

    make bench-outage

prints this anew: medians of %d rounds, with the extremes where they differ, with %s, %s on %d processors. %sThe clients are measured one after the other, on one
server that nobody else uses, on loopback; what the machine did meanwhile shows in the extremes.

Every client has the timeouts, retries and probes of idle connections that it has by itself, rather than those that other documents of this project measure speed with. go-redis observes the contexts of
its callers as well (ContextTimeoutEnabled), which it does not by itself. Otherwise the clients and their modes are those of the other documents: "autopipe" and "fullduplex" are go-redis's AutoPipeline, "1conn" is one connection, "always" AlwaysPipelining, "flush"
a delay before writing. go-redis and redigo have a connection for each caller, radix, rueidis and valkey-go four, ours three.

Callers ask GET of a key of their own again and again, and rest %v after an error that does not come from their own context. A call is late when it returns more than
%v after its context has ended, and also when it has not returned %v after the end of the round. A dial is an attempt to connect, whether it succeeds or not. "goroutines
left" are those that are there after the client was closed and were not before it was opened.

A client may wait while a server is away, or refuse at once, as ours does when four dials in a row have failed: "errors" tells which, more than how well. With a rest of %v, one caller of a client that refuses sees up to
200 a second.

- **restart**: %d callers, contexts of %v. The server is killed (SIGKILL), and started again on the same port after %v, with nothing in it: a null is a success. "first success" and "all callers served" are the times from
  the first connection that it accepts to the first success, and until each caller has had one; "dialled meanwhile" is from the kill until then.
- **stall**: %d callers, contexts of %v. The server is stopped (SIGSTOP) for %v and goes on. Errors, late calls and dials are from the stop to the end, "the machine's own" is the worst lateness of a caller beside them who asks nobody and only waits for contexts of the same length: what is late no longer than that is not the client's doing. "successes/s afterwards" are those in the %v after it goes on.
- **storm**: %d callers for %v, of which half give up at random within %v: a quarter by cancelling, a quarter by a deadline. Timers of the runtime may be later than that. "given up/s" is how many of their calls ended
  with an error: a client that does not look at its context meanwhile hands them the reply instead. The others have contexts of %v. A reply is wrong when it is the value of somebody else's key.

`

func writePreface(w io.Writer, o options, version string) {
	if !o.doc {
		fmt.Fprintf(w, "%d rounds, %s, %s, %d processors\n\n", o.rounds, version, clients.Versions(), runtime.GOMAXPROCS(0))
		return
	}
	p := o.pace
	fmt.Fprintf(w, preface, o.rounds, version, clients.Versions(), runtime.GOMAXPROCS(0), bench.Busy(bench.Load(), runtime.NumCPU()), again, grace, endBound, again,
		restartSection.callers, p.restartBound, p.down, stallSection.callers, p.stallBound, p.frozen, p.after, stormSection.callers, p.storm, stormMost, p.restartBound)
}
