package conn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// scripted is a server that knows a script once it has seen its text, and answers with the text and the arguments. forget makes it forget.
func scripted() (h redistest.Handler, forget func()) {
	var mu sync.Mutex
	known := map[string]string{}
	run := func(s *redistest.Session, args []string) {
		mu.Lock()
		defer mu.Unlock()
		text := args[1]
		if strings.EqualFold(args[0], "EVAL") {
			known[resp.NewScript(text).SHA()] = text
		} else if text = known[args[1]]; text == "" {
			s.Error("NOSCRIPT No matching script. Please use EVAL.")
			return
		}
		s.Bulk(text + " " + strings.Join(args[2:], " "))
	}
	return redistest.Override(map[string]redistest.Handler{"EVAL": run, "EVALSHA": run}, redistest.Redis(redistest.Options{})), func() {
		mu.Lock()
		defer mu.Unlock()
		clear(known)
	}
}

var scriptA, scriptB = resp.NewScript("return A"), resp.NewScript("return B")

func TestScripts(t *testing.T) {
	everyWay(t, func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn) {
		h, forget := scripted()
		var log redistest.Log
		c := connect(log.Record(h), conn.Dialer{Timeout: 5 * time.Second})
		var q resp.Request
		q.Cmd("ECHO").Str("first")
		q.Script(scriptA, "key").Int(1)
		q.Cmd("ECHO").Str("between")
		q.Cmd("NOSUCH")
		q.Script(scriptB)
		q.Script(scriptA).Str("again")
		q.Cmd("ECHO").Str("last")
		for i, sent := range []int{7 + 3, 7, 7 + 3} {
			if i == 2 {
				forget()
			}
			before := len(log.Commands())
			var got []string
			require.NoError(t, c.RoundTrip(t.Context(), &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
				require.Equal(t, len(got), i)
				got = append(got, strings.Fields(r.Value().String())[0])
				return nil
			})))
			require.Len(t, got, 7)
			require.Equal(t, []string{`"first"`, `"return`, `"between"`, "error(ERR", `"return`, `"return`, `"last"`}, got)
			require.Equal(t, sent, len(log.Commands())-before)
		}
		require.NoError(t, c.Err())
	})
}

func TestScriptsText(t *testing.T) {
	h, _ := scripted()
	c := dialPipe(t, h, conn.Dialer{})
	for range 2 {
		var q resp.Request
		q.Script(scriptA, "k1", "k2").Str("x")
		var got texts
		require.NoError(t, c.RoundTrip(t.Context(), &q, &got))
		require.Equal(t, texts{`"return A 2 k1 k2 x"`}, got)
	}
}

// Without a handler the first error that is not about an unknown script is returned.
func TestScriptsWithoutHandler(t *testing.T) {
	h, _ := scripted()
	c := dialPipe(t, h, conn.Dialer{})
	var q resp.Request
	q.Script(scriptA)
	require.NoError(t, c.RoundTrip(t.Context(), &q, nil))
	q.Script(scriptB)
	q.Cmd("NOSUCH")
	require.ErrorContains(t, c.RoundTrip(t.Context(), &q, nil), "unknown command")
}

// A server that knows no script whatever one sends gets each text once, and its refusal is the answer.
func TestScriptsRefusedForGood(t *testing.T) {
	refuse := func(s *redistest.Session, _ []string) { s.Error("NOSCRIPT No matching script.") }
	h := redistest.Override(map[string]redistest.Handler{"EVAL": refuse, "EVALSHA": refuse}, redistest.Redis(redistest.Options{}))
	c := dialPipe(t, h, conn.Dialer{})
	var q resp.Request
	q.Script(scriptA)
	require.True(t, resp.IsCode(c.RoundTrip(t.Context(), &q, nil), "NOSCRIPT"))
	require.NoError(t, c.Err())
}

func TestScriptHandlerErrors(t *testing.T) {
	h, forget := scripted()
	c := dialPipe(t, h, conn.Dialer{})
	own := errors.New("own")
	for stop := range 4 {
		forget()
		var q resp.Request
		q.Cmd("ECHO").Str("0")
		q.Script(scriptA)
		q.Cmd("ECHO").Str("2")
		q.Script(scriptB)
		calls := 0
		err := c.RoundTrip(t.Context(), &q, resp.HandlerFunc(func(i int, _ *resp.Reply) error {
			calls++
			if i == stop {
				return own
			}
			return nil
		}))
		require.ErrorIs(t, err, own)
		require.Equal(t, stop+1, calls, "not called after an error")
		echo(t, c, "fine")
	}
}

// What happens between the two parts is told truly: the first one was executed.
func TestScriptsCutOffBetweenTheParts(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(fmt.Sprint("alone=", alone), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c *conn.Conn
				closing := func(s *redistest.Session, _ []string) {
					s.Error("NOSCRIPT No matching script.")
					s.Flush()
				}
				h := redistest.Override(map[string]redistest.Handler{"EVALSHA": closing}, redistest.Redis(redistest.Options{}))
				client, server := redistest.Pipe()
				go redistest.Serve(server, h)
				c = dial(t, over(client, conn.Dialer{}), "memory:0")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var q resp.Request
				if !alone {
					q.Cmd("INCR").Str("n")
				}
				q.Script(scriptA)
				// The refusal's handler runs on this goroutine, so the context ends exactly between the parts.
				trace := resp.HandlerFunc(func(int, *resp.Reply) error { cancel(); return nil })
				err := c.RoundTrip(ctx, &q, trace)
				if alone {
					require.NoError(t, err, "nothing cancels it")
					return
				}
				require.ErrorIs(t, err, context.Canceled)
				require.False(t, conn.NotSent(err), "INCR was executed")
			})
		})
	}
}

func TestScriptsAllocateNothingWhenKnown(t *testing.T) {
	client, server := redistest.Pipe()
	go parrot(server, ":1\r\n")
	c := dial(t, over(client, conn.Dialer{Protocol: 2}), "memory:0")
	var q resp.Request
	if n := testing.AllocsPerRun(1000, func() {
		q.Reset()
		q.Script(scriptA, "key").Int(1)
		if err := c.RoundTrip(context.Background(), &q, nil); err != nil {
			t.Error(err)
		}
	}); n >= 1 && !raceEnabled {
		t.Errorf("%v allocations", n)
	}
}
