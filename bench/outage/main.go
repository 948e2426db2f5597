// Command outage measures what callers see when things go wrong, with every client: a server that is killed and comes back, one that stalls, and callers who change their mind. It
// prints a table for each, and then how the figures of ours stand to the goals.
//
//	cd bench && go run ./outage -only stall -clients '^(ours|go-redis)$' -rounds 1
//
// It starts redis-server or valkey-server from PATH, for itself alone, and kills, stops and continues that one.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	o := options{pace: paced}
	flag.IntVar(&o.rounds, "rounds", 3, "how often each client goes through each section")
	flag.StringVar(&o.only, "only", "", "regular expression of the sections to measure: "+names()+"; empty: all")
	flag.StringVar(&o.clients, "clients", "", "regular expression of the clients to measure; empty: all")
	flag.StringVar(&o.server, "server", "", "binary to start; empty: redis-server or valkey-server from PATH")
	flag.StringVar(&o.svg, "svg", "", "directory to write the plot of the restart to")
	flag.BoolVar(&o.doc, "doc", false, "print the document, docs/outage.md")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "outage:", err)
		os.Exit(1)
	}
}

// options are the flags, and how long things take.
type options struct {
	rounds                     int
	only, clients, server, svg string
	doc                        bool
	pace                       pace
}
