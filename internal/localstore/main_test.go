package localstore_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	localstore.PoisonReplies()
	os.Exit(m.Run())
}

// clock is a clock that stands still until it is told to advance.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.UnixMilli(1_700_000_000_000)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// do sends one command and returns its reply.
func do(t testing.TB, s *localstore.Store, args ...string) resp.Value {
	t.Helper()
	var q resp.Request
	q.Cmd(args[0]).Args(args[1:]...)
	var v resp.Value
	require.NoError(t, s.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		require.Zero(t, i)
		v = r.Value()
		return nil
	})))
	return v
}

// line sends a command written as one line, "" for an empty argument, and returns the reply as show writes it.
func line(t testing.TB, s *localstore.Store, command string) string {
	t.Helper()
	args := strings.Fields(command)
	for i, arg := range args {
		if arg == `""` {
			args[i] = ""
		}
	}
	return show(do(t, s, args...))
}

// show writes a reply with its type: +simple -error :1 ,1.5 _ "bulk" [array] {map}.
func show(v resp.Value) string {
	var e *resp.Error
	if errors.As(v.Err(), &e) {
		return "-" + e.Message
	}
	text, _ := v.Text()
	switch v.Kind() {
	case resp.Null:
		return "_"
	case resp.Integer:
		return ":" + text
	case resp.Double:
		return "," + text
	case resp.SimpleString:
		return "+" + text
	case resp.BulkString:
		return strconv.Quote(text)
	case resp.VerbatimString:
		return "=" + strconv.Quote(text)
	}
	elems := make([]string, len(v.Elems()))
	for i, e := range v.Elems() {
		elems[i] = show(e)
	}
	if v.Kind() == resp.Map {
		return "{" + strings.Join(elems, " ") + "}"
	}
	return "[" + strings.Join(elems, " ") + "]"
}

// A step is a command, or "advance <duration>", and the reply that is wanted.
type step struct{ command, want string }

// play runs steps against a new store and checks its invariants after each.
func play(t *testing.T, steps []step) {
	t.Helper()
	c := newClock()
	s := localstore.New(localstore.Config{Now: c.Now})
	for i, st := range steps {
		if d, ok := strings.CutPrefix(st.command, "advance "); ok {
			d, err := time.ParseDuration(d)
			require.NoError(t, err)
			c.advance(d)
			continue
		}
		require.Equal(t, st.want, line(t, s, st.command), "step %d: %s", i, st.command)
		require.NoError(t, s.Check(), "step %d: %s", i, st.command)
	}
}
