package bwstate_test

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// serveWords listens on a port and answers every read by the first of words that is in it. Once it is warm it allocates nothing. It is for one caller
// at a time.
func serveWords(t *testing.T, words, answers [][]byte) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go serveWordsOn(nc, words, answers)
		}
	}()
	return l.Addr().String()
}

func serveWordsOn(nc net.Conn, words, answers [][]byte) {
	defer func() { _ = nc.Close() }()
	in := make([]byte, 4<<10)
	for {
		n, err := nc.Read(in)
		if err != nil {
			return
		}
		for i, word := range words {
			if bytes.Contains(in[:n], word) {
				_, _ = nc.Write(answers[i])
				break
			}
		}
	}
}

// What a warm Do costs from here to the socket and back.
func TestAWarmDoAllocatesNothingButTheValue(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	addr := serveWords(
		t,
		[][]byte{[]byte("HELLO"), []byte("PING"), []byte("INCR"), []byte("GET")},
		[][]byte{[]byte("-ERR unknown command\r\n"), []byte("+PONG\r\n"), []byte(":1\r\n"), []byte("$5\r\nvalue\r\n")},
	)
	state := mustOpen(t, addr)
	ended, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": context.Background(), "cancellable": ended} {
		for args, most := range map[[2]string]float64{{"INCR", "n"}: 0, {"GET", "k"}: 1} {
			t.Run(name+" "+args[0], func(t *testing.T) {
				require.Equal(t, most, testing.AllocsPerRun(1000, func() {
					if _, err := state.Do(ctx, args[0], args[1]); err != nil {
						t.Error(err)
					}
				}))
			})
		}
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			if err := state.Ping(ctx); err != nil {
				t.Error(err)
			}
		}))
	}
}

func TestAWarmDoOnTheEmbeddedStoreAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	state, err := bwstate.Open(context.Background(), bwstate.Settings{})
	require.NoError(t, err)
	defer state.Close()
	// The store makes a new text of a counter that changes, so only the way there is looked at.
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, err := state.Do(context.Background(), "EXISTS", "n"); err != nil {
			t.Error(err)
		}
	}))
}
