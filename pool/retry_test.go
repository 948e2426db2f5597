package pool_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// A trial is a request that fails in some way the first n times it is tried.
type trial struct {
	fails  int
	fail   redistest.Handler                           // what the server does then; nil: the connection is dead before the request is written
	build  func(q *resp.Request)                       // nil: one command TRY
	handle func(i int, r *resp.Reply) error            // nil: accepts everything but errors
	nilH   bool                                        // no handler at all
	check  func(t *testing.T, err error, s pool.Stats) // of the outcome

	attempts int    // the server shall see
	seen     string // by the handler, one letter per reply: o for OK, e for an error reply
	ok       bool
}

func try(q *resp.Request)           { q.Cmd("TRY") }
func tryAgain(q *resp.Request)      { q.Cmd("TRY").MarkIdempotent() }
func tryTwo(q *resp.Request)        { q.Cmd("PING"); q.Cmd("TRY") }
func tryTwoAgain(q *resp.Request)   { tryTwo(q); q.MarkIdempotent() }
func tryFirst(q *resp.Request)      { q.Cmd("TRY"); q.Cmd("PING") }
func tryFirstAgain(q *resp.Request) { tryFirst(q); q.MarkIdempotent() }
func tryBoth(q *resp.Request)       { q.Cmd("TRY"); q.Cmd("TRY") }
func tryBothAlone(q *resp.Request)  { tryBoth(q); q.MarkBlocking() }
func tryAlone(q *resp.Request)      { q.Cmd("TRY").MarkBlocking() }

func cut(c *redistest.Session, _ []string) { c.Reset() }

func says(message string) redistest.Handler {
	return func(c *redistest.Session, _ []string) { c.Error(message) }
}

const wrapped = "ERR Error running script (call to f_6c): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica. "

// caught is what Redis 6.0 answers for a script that returns the error which redis.pcall gave it.
const caught = "@user_script: 4: -READONLY You can't write against a read only replica. "

// readOnlyThen refuses the first of two commands, and fails the second in another way.
func readOnlyThen(fail redistest.Handler) redistest.Handler {
	first := true
	return func(c *redistest.Session, args []string) {
		if first {
			c.Error("READONLY You can't write")
		} else {
			fail(c, args)
		}
		first = !first
	}
}

// flushed ends the connection; what was answered before gets through.
func flushed(c *redistest.Session, _ []string) { c.Close() }

func TestRetryRule(t *testing.T) {
	garbage := func(c *redistest.Session, _ []string) { c.Raw("?\r\n") }
	dropped := func(t *testing.T, err error, s pool.Stats) { require.EqualValues(t, 1, s.ClosedReset, "%v", err) }
	stayed := func(t *testing.T, err error, s pool.Stats) { require.EqualValues(t, 0, s.ClosedReset, "%v", err) }
	for name, tc := range map[string]trial{
		"nothing sent":                           {attempts: 1, fails: 1, seen: "o", ok: true},
		"nothing sent, alone":                    {attempts: 1, fails: 1, build: tryAlone, seen: "o", ok: true},
		"nothing sent, several":                  {attempts: 1, fails: 1, build: tryTwo, seen: "oo", ok: true},
		"cut":                                    {attempts: 1, fails: 1, fail: cut},
		"cut, idempotent":                        {attempts: 2, fails: 1, fail: cut, build: tryAgain, seen: "o", ok: true},
		"cut twice, idempotent":                  {attempts: 2, fails: 2, fail: cut, build: tryAgain},
		"cut, several, idempotent":               {attempts: 2, fails: 1, fail: cut, build: tryFirstAgain, seen: "oo", ok: true},
		"cut after a reply":                      {attempts: 1, fails: 1, fail: flushed, build: tryTwo, seen: "o"},
		"cut after a reply, idempotent":          {attempts: 1, fails: 1, fail: flushed, build: tryTwoAgain, seen: "o"},
		"cut after a reply nobody wants":         {attempts: 2, fails: 1, fail: flushed, build: tryTwoAgain, nilH: true, ok: true},
		"garbage":                                {attempts: 1, fails: 1, fail: garbage},
		"garbage, idempotent":                    {attempts: 2, fails: 1, fail: garbage, build: tryAgain, seen: "o", ok: true},
		"error reply":                            {attempts: 1, fails: 1, fail: says("ERR no"), seen: "e", check: stayed},
		"error reply, idempotent":                {attempts: 1, fails: 1, fail: says("ERR no"), build: tryAgain, seen: "e", check: stayed},
		"READONLY":                               {attempts: 2, fails: 1, fail: says("READONLY You can't write"), seen: "o", ok: true, check: dropped},
		"LOADING":                                {attempts: 2, fails: 1, fail: says("LOADING Redis is loading"), seen: "o", ok: true, check: dropped},
		"MASTERDOWN":                             {attempts: 2, fails: 1, fail: says("MASTERDOWN Link"), seen: "o", ok: true, check: dropped},
		"READONLY, no handler":                   {attempts: 2, fails: 1, fail: says("READONLY You can't write"), nilH: true, ok: true, check: dropped},
		"READONLY, alone":                        {attempts: 2, fails: 1, fail: says("READONLY You can't write"), build: tryAlone, seen: "o", ok: true, check: dropped},
		"READONLY in a script":                   {attempts: 2, fails: 1, fail: says(wrapped), seen: "o", ok: true, check: dropped},
		"READONLY that a script caught":          {attempts: 2, fails: 1, fail: says(caught), seen: "o", ok: true, check: dropped},
		"READONLY as an argument":                {attempts: 1, fails: 1, fail: says("ERR unknown command 'x', with args beginning with: ': -READONLY You can't write against a read only replica"), seen: "e", check: stayed},
		"READONLY twice":                         {attempts: 2, fails: 2, fail: says("READONLY You can't write"), seen: "e", check: dropped},
		"READONLY, first of several":             {attempts: 1, fails: 1, fail: says("READONLY You can't write"), build: tryFirst, seen: "e", check: dropped},
		"READONLY, first of several, idempotent": {attempts: 2, fails: 1, fail: says("READONLY You can't write"), build: tryFirstAgain, seen: "oo", ok: true, check: dropped},
		"READONLY, all of several":               {attempts: 4, fails: 2, fail: says("READONLY You can't write"), build: tryBoth, seen: "oo", ok: true, check: dropped},
		"READONLY, all of several, no handler":   {attempts: 4, fails: 2, fail: says("READONLY You can't write"), build: tryBoth, nilH: true, ok: true, check: dropped},
		"READONLY, all of several, twice":        {attempts: 4, fails: 4, fail: says("READONLY You can't write"), build: tryBoth, seen: "e", check: dropped},
		"READONLY, first of several, no handler": {attempts: 1, fails: 1, fail: says("READONLY You can't write"), build: tryFirst, nilH: true, check: dropped},
		"READONLY, and another error behind it":  {attempts: 2, fails: 2, fail: readOnlyThen(says("ERR no")), build: tryBoth, seen: "e", check: dropped},
		"READONLY, and WAIT refused behind it":   {attempts: 4, fails: 2, fail: readOnlyThen(says("ERR WAIT cannot be used with replica instances")), build: tryBothAlone, seen: "oo", ok: true, check: dropped},
		"READONLY, and the end behind it":        {attempts: 2, fails: 2, fail: readOnlyThen(flushed), build: tryBoth, seen: "e"},
		"READONLY, and the end, after a pause":   {attempts: 2, fails: 2, fail: readOnlyThen(cut), build: tryBoth},
		"READONLY, second of several":            {attempts: 1, fails: 1, fail: says("READONLY You can't write"), build: tryTwoAgain, seen: "oe", check: dropped},
		"handler refuses":                        {attempts: 1, build: tryAgain, handle: func(int, *resp.Reply) error { return errors.New("no") }, seen: "o", check: stayed},
		"cut, and the handler refuses": {attempts: 2, fails: 1, fail: cut, build: tryAgain, handle: func(int, *resp.Reply) error { return &conn.Error{Op: "mine", Err: errors.New("no")} }, seen: "o", check: func(t *testing.T, err error, _ pool.Stats) {
			require.EqualError(t, err, "redis: mine : no", "what the handler returned, and nothing else")
		}},
	} {
		t.Run(name, func(t *testing.T) { bubble(t, tc.run) })
	}
}

func (tc trial) run(t *testing.T) {
	attempts := 0
	b := newBackend(t, map[string]redistest.Handler{"TRY": func(c *redistest.Session, args []string) {
		if attempts++; tc.fail != nil && attempts <= tc.fails {
			tc.fail(c, args)
			return
		}
		c.Simple("OK")
	}})
	p := b.pool(pool.Config{})
	connection(t, p)
	if tc.fail == nil && tc.fails > 0 {
		b.closeAll()
	}
	var q resp.Request
	if tc.build == nil {
		tc.build = try
	}
	tc.build(&q)
	seen := ""
	var h resp.Handler = resp.HandlerFunc(func(i int, r *resp.Reply) error {
		if r.Kind() == resp.SimpleError {
			require.NotNil(t, r.ErrorReply(), "the cursor is where it was")
			seen += "e"
			return errors.New("an error reply")
		}
		seen += "o"
		if tc.handle != nil {
			return tc.handle(i, r)
		}
		return r.Err()
	})
	if tc.nilH {
		h = nil
	}
	err := p.RoundTrip(t.Context(), &q, h)
	require.Equal(t, tc.ok, err == nil, "%v", err)
	require.Equal(t, tc.attempts, attempts)
	require.Equal(t, tc.seen, seen)
	if tc.check != nil {
		tc.check(t, err, p.Stats())
	}
	require.NotEmpty(t, connection(t, p), "the pool is well afterwards")
}

// An error of the second attempt does not hide that the first one may have been executed.
func TestErrorOfASecondAttemptThatCouldNotBeMade(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, map[string]redistest.Handler{"TRY": cut})
		p := b.pool(pool.Config{})
		connection(t, p)
		refused := errors.New("refused")
		b.setBefore(func(context.Context, int) error { return refused })
		var q resp.Request
		tryAgain(&q)
		_, err := send(t.Context(), p, &q)
		require.ErrorIs(t, err, refused)
		require.False(t, conn.NotSent(err), "%v", err)
	})
}

// The handler sees what the second attempt brings, even when the pool has been reset in the meantime.
func TestSecondRefusalGoesToTheHandler(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var p *pool.Pool
		b := newBackend(t, map[string]redistest.Handler{"TRY": func(c *redistest.Session, _ []string) {
			p.Reset()
			c.Error("READONLY You can't write against a read only replica.")
		}})
		p = b.pool(pool.Config{})
		var q resp.Request
		try(&q)
		seen := 0
		require.NoError(t, p.RoundTrip(t.Context(), &q, resp.HandlerFunc(func(int, *resp.Reply) error {
			seen++
			return nil
		})))
		require.Equal(t, 1, seen)
		require.EqualValues(t, 1, p.Stats().Retries)
	})
}

// A second attempt waits for a dial that began after the failure, and for no other.
func TestSecondAttemptIsOnALaterDial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBackend(t, map[string]redistest.Handler{"TRY": func(c *redistest.Session, _ []string) {
			time.Sleep(50 * time.Millisecond)
			c.Reset()
		}})
		p := b.pool(pool.Config{Keep: 3})
		connection(t, p)
		b.setBefore(func(_ context.Context, n int) error {
			if n == 2 {
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		})
		busy := start(t.Context(), p, "SLEEP", "10")
		var q resp.Request
		tryAgain(&q)
		began := time.Now()
		_, err := send(t.Context(), p, &q) // dials the second connection, and dies on the first; the third is its own
		require.Error(t, err)
		require.NoError(t, (<-busy).err)
		require.Equal(t, 110*time.Millisecond, time.Since(began))
		require.Len(t, b.dials(), 3)
	})
}
