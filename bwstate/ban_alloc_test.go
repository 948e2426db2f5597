package bwstate_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

const aMiss = "$-1\r\n:-2\r\n"

func TestACheckThatFindsNothingAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	served := mustOpen(t, serveWords(
		t,
		[][]byte{[]byte("HELLO"), []byte("PING"), []byte("bans_service_"), []byte("bans_ip_")},
		[][]byte{[]byte("-ERR unknown command\r\n"), []byte("+PONG\r\n"), []byte(aMiss + aMiss), []byte(aMiss)},
	))
	local, err := bwstate.Open(context.Background(), bwstate.Settings{})
	require.NoError(t, err)
	defer local.Close()
	for name, state := range map[string]*bwstate.State{"server": served, "embedded": local} {
		for _, ip := range []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8:1:2:3:4:5:6")} {
			for _, service := range []string{"", "www.example.com", strings.Repeat("a", 253)} {
				for _, when := range []bwstate.WhenAway{bwstate.FailWhenAway, bwstate.LocalWhenAway} {
					require.Zero(t, testing.AllocsPerRun(200, func() {
						c, err := state.CheckBan(context.Background(), ip, bwstate.BanLookup{Service: service, WhenAway: when})
						if err != nil || c.Banned {
							t.Error(c, err)
						}
					}), "%s: %v on %.20s", name, ip, service)
				}
				require.Zero(t, testing.AllocsPerRun(200, func() {
					if _, banned, err := state.Banned(context.Background(), ip, service); err != nil || banned {
						t.Error(banned, err)
					}
				}), "%s: Banned", name)
			}
		}
	}
}

func TestManyChecksThatFindNothingAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const n = 1500
	state, err := bwstate.Open(context.Background(), bwstate.Settings{})
	require.NoError(t, err)
	defer state.Close()
	ips := make([]netip.Addr, n)
	for i := range ips {
		ips[i] = netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
	}
	room := make([]bwstate.BanCheck, 0, n)
	allocs := testing.AllocsPerRun(20, func() {
		checks, err := state.CheckBans(context.Background(), room, ips, bwstate.BanLookup{Service: "www.example.com"})
		if err != nil || len(checks) != n {
			t.Error(len(checks), err)
		}
	})
	require.Less(t, allocs, 32.0, "of %d addresses", n) // the embedded store's room for replies, not one for each
}
