package bwstate_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/bwredis/bwredis/bwstate"
)

func ExampleState_VisitorSessions() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	environment := settingsFrom("SESSIONS_SECRET=the nodes' secret", "SESSIONS_NAME=bunkerweb")
	settings, err := bwstate.ParseVisitorSettings(environment)
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := state.VisitorSessions(settings)
	if err != nil {
		fmt.Println(err)
		return
	}

	visitor := bwstate.Visitor{IP: netip.MustParseAddr("203.0.113.7"), UserAgent: "curl/8.0"}
	session, err := sessions.New(visitor)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = session.Set("cart", []string{"tea"})
	err = session.Commit(ctx)
	cookie, attributes, _ := strings.Cut(session.SetCookies()[0], ";")
	fmt.Println(len(cookie), attributes, err)

	// The next request.
	session, err = sessions.Open(ctx, func(name string) string { return strings.TrimPrefix(cookie, name+"=") })
	if err != nil {
		fmt.Println(err)
		return
	}
	var cart []string
	found, err := session.Get("cart", &cart)
	fmt.Println(cart, found, err, session.Check(visitor))

	// Anybody else.
	_, err = sessions.Open(ctx, func(string) string { return "made up" })
	var refused *bwstate.VisitorError
	fmt.Println(errors.As(err, &refused) && refused.Reason == bwstate.CookieTruncated)
	// Output:
	// 120  Path=/; SameSite=Lax; HttpOnly <nil>
	// [tea] true <nil> <nil>
	// true
}
