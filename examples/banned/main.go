// Command banned tells whether an address is banned from a site: banned 203.0.113.7 www.example.com
package main

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"os"

	"github.com/bwredis/bwredis/bwstate"
)

func main() {
	settings, err := bwstate.ParseSettings(os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	state, err := bwstate.Open(context.Background(), settings)
	if err != nil {
		log.Fatal(err)
	}
	defer state.Close()
	ban, banned, err := state.Banned(context.Background(), netip.MustParseAddr(os.Args[1]), os.Args[2])
	fmt.Println(banned, ban.Reason, ban.Remaining, err)
}
