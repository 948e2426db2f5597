// Command failover measures what callers see of a failover that sentinels make: with bwstate, and with other clients beside it, in the same failover. It prints a table for
// each scenario, and then how the figures stand to the goals.
//
//	cd bench && go run ./failover -only 'planned|kill' -rounds 1
//
// Every round of every scenario has a master, a replica and three sentinels of its own on loopback, redis-server or valkey-server from PATH, which are killed in the end.
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
	var o options
	flag.IntVar(&o.rounds, "rounds", 3, "how often each scenario is played")
	flag.StringVar(&o.only, "only", "", "regular expression of the scenarios to play: "+names()+"; empty: all")
	flag.StringVar(&o.clients, "clients", "", "regular expression of the clients to measure; empty: all")
	flag.StringVar(&o.server, "server", "", "binary to start; empty: redis-server or valkey-server from PATH")
	flag.BoolVar(&o.doc, "doc", false, "print the document, docs/failover.md")
	flag.Parse()
	signal.Ignore(syscall.SIGPIPE) // servers that are killed raise it too; a closed standard output shows as an error between rounds, when nothing runs
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := compare(ctx, os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "failover:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	rounds                int
	only, clients, server string
	doc                   bool
}
