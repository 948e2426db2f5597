// Command visitor is a service behind BunkerWeb. It greets its visitors with what the session says that BunkerWeb's nodes keep for them, and counts their visits
// in it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"os"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/bwstate/bwhttp"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "the address to serve on, which BunkerWeb's REVERSE_PROXY_HOST names")
	nodes := flag.String("nodes", "127.0.0.0/8", "where the nodes connect from: they are believed what they say of visitors")
	flag.Parse()
	trusted, err := netip.ParsePrefix(*nodes)
	if err != nil {
		log.Fatal(err)
	}
	settings, err := bwstate.ParseSettings(os.Getenv) // REDIS_*
	if err != nil {
		log.Fatal(err)
	}
	visitorSettings, err := bwstate.ParseVisitorSettings(os.Getenv) // SESSIONS_*, as the nodes have them
	if err != nil {
		log.Fatal(err)
	}
	state, err := bwstate.Open(context.Background(), settings)
	if err != nil {
		log.Fatal(err)
	}
	defer state.Close()
	sessions, err := state.VisitorSessions(visitorSettings)
	if err != nil {
		log.Fatal(err)
	}
	visitors := &bwhttp.Visitors{Sessions: sessions, IP: bwhttp.RealIP(trusted)}
	log.Fatal(http.ListenAndServe(*listen, visitors.Handler(http.HandlerFunc(greet))))
}

func greet(w http.ResponseWriter, r *http.Request) {
	session := bwhttp.Session(r.Context())
	antibot, _ := session.Antibot()
	visits := 0
	if _, err := session.Get("visits", &visits); err != nil {
		visits = 0 // somebody else's value
	}
	visits++
	if err := session.Set("visits", visits); err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "visit %d, antibot challenge solved: %t\n", visits, antibot.Resolved)
}
