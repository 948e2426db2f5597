// Command banned tells whether an address is banned from a site.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"

	"github.com/bwredis/bwredis/bwstate"
)

func main() {
	ctx := context.Background()
	ip := flag.String("ip", "203.0.113.7", "the address")
	site := flag.String("site", "www.example.com", "the site's server name")
	flag.Parse()
	settings, err := bwstate.ParseSettings(os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	state, err := bwstate.Open(ctx, settings)
	if err != nil {
		log.Fatal(err)
	}
	defer state.Close()
	addr, _ := netip.ParseAddr(*ip) // Banned says what is wrong with it
	ban, banned, err := state.Banned(ctx, addr, *site)
	fmt.Println(banned, ban.Reason, ban.Remaining, err)
}
