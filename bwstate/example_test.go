package bwstate_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// openExample opens an embedded store. With USE_REDIS=yes and the other REDIS_* settings the same code talks to a server.
func openExample() *bwstate.State {
	settings, err := bwstate.ParseSettings(settingsFrom("USE_REDIS=no"))
	if err != nil {
		panic(err)
	}
	state, err := bwstate.Open(context.Background(), settings)
	if err != nil {
		panic(err)
	}
	return state
}

func ExampleOpen() {
	environment := map[string]string{"USE_REDIS": "no"} // os.Getenv in a program
	settings, err := bwstate.ParseSettings(func(name string) string { return environment[name] })
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := bwstate.Open(context.Background(), settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	server, err := state.Server(context.Background())
	fmt.Println(server.Name, err)
	// Output: bwredis-local <nil>
}

func ExampleState_Sessions() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	sessions, err := state.Sessions("bunkerweb") // SESSIONS_NAME
	if err != nil {
		fmt.Println(err)
		return
	}
	id := bwstate.NewSessionID()
	if err := sessions.Save(ctx, id, []byte("ciphertext"), time.Hour); err != nil {
		fmt.Println(err)
		return
	}
	data, found, err := sessions.Load(ctx, id)
	fmt.Printf("%s %t %v\n", data, found, err)

	deleted, err := sessions.Delete(ctx, id)
	fmt.Println(deleted, err)
	_, found, err = sessions.Load(ctx, id)
	fmt.Println(found, err)
	// Output:
	// ciphertext true <nil>
	// true <nil>
	// false <nil>
}

func ExampleState_AddBan() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	client := netip.MustParseAddr("203.0.113.7")
	err := state.AddBan(ctx, bwstate.Ban{
		IP:        client,
		Scope:     bwstate.ServiceScope,
		Service:   "www.example.com",
		Reason:    "manual",
		Remaining: time.Hour,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, service := range []string{"www.example.com", "shop.example.com"} {
		ban, banned, err := state.Banned(ctx, client, service)
		fmt.Printf("%s: %t %q %v\n", service, banned, ban.Reason, err)
	}
	lifted, err := state.Unban(ctx, client, "www.example.com")
	fmt.Println(lifted, err)
	// Output:
	// www.example.com: true "manual" <nil>
	// shop.example.com: false "" <nil>
	// true <nil>
}

func ExampleState_WaitReplicas() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	durable := state.WaitReplicas(1, 100*time.Millisecond)
	acknowledged, err := durable.AddBan(ctx, bwstate.Ban{IP: netip.MustParseAddr("203.0.113.7"), Remaining: time.Hour})
	var wait *bwstate.WaitError
	switch {
	case errors.As(err, &wait):
		fmt.Println("banned, on who knows how many replicas:", err)
	case err != nil:
		fmt.Println("not banned:", err)
	case acknowledged == 0:
		fmt.Println("banned, on the master alone so far") // the embedded store has no replicas
	default:
		fmt.Println("banned, also on a replica")
	}
	// Output: banned, on the master alone so far
}

func ExampleState_Bans() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	client := netip.MustParseAddr("203.0.113.7")
	for _, service := range []string{"www.example.com", "shop.example.com"} {
		_ = state.AddBan(ctx, bwstate.Ban{IP: client, Scope: bwstate.ServiceScope, Service: service, Reason: "by hand", Remaining: time.Hour})
	}
	for ban, err := range state.Bans(ctx, bwstate.BanFilter{Service: "shop.example.com"}) {
		fmt.Println(ban.IP, ban.Service, ban.Reason, err)
	}
	lifted, err := state.UnbanEverywhere(ctx, client, bwstate.Everywhere{})
	fmt.Println(len(lifted.Services), "lifted", err)
	// Output:
	// 203.0.113.7 shop.example.com by hand <nil>
	// 2 lifted <nil>
}

func ExampleState_CheckBans() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	visitors := []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")}
	_ = state.AddBan(ctx, bwstate.Ban{IP: visitors[1], Reason: "by hand", Permanent: true})
	checks, err := state.CheckBans(ctx, nil, visitors, bwstate.BanLookup{Service: "www.example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, check := range checks {
		fmt.Printf("%v %t %q\n", visitors[i], check.Banned, check.Ban.Reason)
	}
	// Output:
	// 203.0.113.7 false ""
	// 2001:db8::7 true "by hand"
}

func ExampleState_IncreaseBadBehavior() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	client := netip.MustParseAddr("2001:db8::7")
	limit := bwstate.BadBehavior{Service: "www.example.com", Threshold: 3}
	for range 3 {
		result, err := state.IncreaseBadBehavior(ctx, client, limit)
		fmt.Println(result.Count, result.Banned, err)
	}
	ban, _, err := state.Banned(ctx, client, "www.example.com")
	fmt.Println(ban.Reason, err)
	// Output:
	// 1 false <nil>
	// 2 false <nil>
	// 3 true <nil>
	// bad behavior <nil>
}

func ExampleState_Do() {
	ctx, state := context.Background(), openExample()
	defer state.Close()
	for _, args := range [][]string{
		{"SET", "greeting", "hello", "EX", "60"},
		{"GET", "greeting"},
		{"MGET", "greeting", "nothing"},
		{"INCR", "greeting"},
		{"SELECT", "1"},
	} {
		reply, err := state.Do(ctx, args...)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(reply)
	}
	// Output:
	// OK
	// "hello"
	// ["hello", null]
	// redis: ERR value is not an integer or out of range
	// bwstate: SELECT: would change the connection for everybody who shares it; dial one with package conn, or use pool.With
}
