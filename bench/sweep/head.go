package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/clients"
)

const noServer = `**This is no server, and the figures are not those of one.** Nothing is executed: replies come at once, from the same process, which shares its processors with the clients and
its memory with their figures. What is measured is the work of clients alone; floors that wait for nobody look better than they are, and nothing here says what an application would see. %s.
Put redis-server or valkey-server in PATH, start a Docker daemon, or set USE_REDIS=yes and REDIS_HOST.

`

const legend = `Medians of %d interleaved rounds of about %v each, on %d processors, with %s. %sTimes hold for the machine that they were taken on; ratios are within a round.

"raw" is a bare write and exact read on one connection. "raw pipe 2xN" is two goroutines, each with a connection, that send N requests in one write and then read all replies: what callers would
have who never had to be told apart. Each library is used as its documentation recommends for speed, in each of its modes: go-redis and redigo with a connection for each caller, radix, rueidis and
valkey-go with four, "1conn" with one; "autopipe" and "fullduplex" are go-redis's AutoPipeline, "always" is AlwaysPipelining, and "flush" a delay before writing: MaxFlushDelay, or radix's
WriteFlushInterval.%s Ours is a pool, which keeps three connections. Where there are at most 3 connections, rueidis and valkey-go have 2, because they can only double.

"vs best peer" is the best peer's time over this one's, in whichever mode is fastest: above 1 is faster than all of them. Allocations are those of the whole process.%s
With one caller nearly all of the time is the operating system waking the other side, which on virtual machines takes one of two times, by chance: look at the range beside a ratio.

`

const (
	defaultsLegend  = ` "defaults" is a library as it comes, but for the number of connections where that is bounded; redigo's pool keeps none as it comes.`
	transfersLegend = ` Reads and writes are system calls of this process, and their bytes, from /proc/self/io.`
)

func writeHead(w io.Writer, o options, s *site) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Clients side by side\n\n    cd bench && go run ./sweep%s\n\nMeasured against %s.\n\n", o.flags(), s.describe())
	if s.responder {
		fmt.Fprintf(&b, noServer, s.why())
	}
	defaults, transfers := "", ""
	if o.full {
		defaults, transfers = defaultsLegend, transfersLegend
	}
	fmt.Fprintf(&b, legend, o.Rounds, o.Sample, runtime.GOMAXPROCS(0), clients.Versions(), bench.Busy(bench.Load(), runtime.NumCPU()), defaults, transfers)
	_, err := io.WriteString(w, b.String())
	return err
}

// flags are what was asked for, as one would ask again.
func (o options) flags() string {
	text := ""
	if o.full {
		text += " -full"
	}
	if o.only != "" {
		text += fmt.Sprintf(" -only '%s'", o.only)
	}
	return text + fmt.Sprintf(" -rounds %d -time %v", o.Rounds, o.Sample)
}

func (s *site) describe() string {
	if s.responder {
		return s.name
	}
	return s.name + ", " + s.version
}

func (s *site) why() string {
	if len(s.notes) == 0 {
		return "It was asked for by -server responder"
	}
	text := strings.Join(s.notes, ", and ")
	return strings.ToUpper(text[:1]) + text[1:]
}
