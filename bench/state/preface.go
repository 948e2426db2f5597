package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/clients"
)

const preface = `# Shared state, measured

    make bench-state

prints this anew: medians of %d interleaved rounds of about %v each, against %s on the same machine, with %s on %d processors. %sTimes hold for the
machine that they were taken on; ratios are within a round. A single caller's
rate depends most on when the operating system wakes the two sides: the extremes behind a ratio say how much of it is chance.

The first table is what one operation of package bwstate costs. Round trips and bytes were counted on a connection to the server. "BunkerWeb's Lua" is how many round trips
BunkerWeb's own code makes for the same, because it connects for each request: plain, with a password, through Sentinel; "–" is what it does not have. "Client work" is the
operation on a connection within memory that answers with the server's own replies at once: everything but the network and the server,
in the fastest round. Of a visitor's session that is mostly
cryptography, so beside it is a bare loop of the same AES-GCM and HMAC.

The others put operations beside the same commands with the same arguments, sent by hand with other clients, whose keys and arguments were made beforehand; ours makes its own. Each client
has three connections, and is used in every mode that it has: ours with three or one ("1 kept"), of which the faster counts, as of the others; go-redis commands, AutoPipeline ("autopipe"), the same with FullDuplex, and Pipeline; rueidis Do and DoMulti with two
connections, because it can only double, or one ("1conn", and whenever there is one caller), and AlwaysPipelining ("always"); valkey-go as rueidis; redigo Do, or Send and Flush; radix Cmd and Pipeline. "flush" is a delay before writing: MaxFlushDelay, or radix's
WriteFlushInterval. Where a visitor's session is opened by hand, its value is decrypted and authenticated by the bare loop, and not parsed.
"raw" is a bare write and read, "raw pipe 2x32" two goroutines, each with a connection, that send what 32 callers ask in one write and then read all replies.

"waf" is what a web application firewall asks for each request it sees, in one round trip: bans of the service and of all services (GETRANGE and PTTL of each, of keys that are not there),
the limit of the client for a path (EVALSHA), and an application's session (GETRANGE of %d bytes and what is known of them): a bwstate.Batch beside the six commands as a pipeline.

`

func writePreface(w io.Writer, o options, s *site) {
	if o.doc {
		fmt.Fprintf(w, preface, o.Rounds, o.Sample, s.version, clients.Versions(), runtime.GOMAXPROCS(0), bench.Busy(bench.Load(), runtime.NumCPU()), sessionSize)
		return
	}
	fmt.Fprintf(w, "%d rounds of %v, %s, %s, %d processors\n\n", o.Rounds, o.Sample, s.version, clients.Versions(), runtime.GOMAXPROCS(0))
}
