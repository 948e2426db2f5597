package bwstate

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
)

// A cacheRig is a State whose server is a store in memory, with a connection for changes in the test's hands. It belongs into a bubble.
type cacheRig struct {
	t     *testing.T
	state *State
	store *localstore.Store

	mu       sync.Mutex
	answered func()      // once, when the next request is answered and its caller does not know yet; guarded by mu
	fails    error       // of every request; guarded by mu
	refuse   string      // what CLIENT TRACKING is answered; guarded by mu
	dialErr  error       // guarded by mu
	dialled  func()      // once, before who dialled knows; guarded by mu
	silent   bool        // nothing is answered on the connection for changes; guarded by mu
	lines    []*pushLine // connections for changes; guarded by mu
	between  func()      // every command and the next one of the next request; guarded by mu
	caches   []*Cache
}

// A pushLine is a pushConn.
type pushLine struct {
	rig    *cacheRig
	told   func(*resp.Reply)
	ended  context.Context
	end    context.CancelFunc
	follow []string // the arguments of CLIENT TRACKING; guarded by rig.mu
}

func withCaches(t *testing.T, run func(r *cacheRig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &cacheRig{t: t, store: localstore.New(localstore.Config{})}
		for _, sc := range scripts {
			r.store.Register(sc.SHA(), sc.twin)
		}
		r.state = New(r)
		r.state.dialPushes = r.dial
		t.Cleanup(func() {
			require.NoError(t, r.state.Close())
			synctest.Wait()
			for _, c := range r.caches {
				require.Empty(t, c.loads)
				require.Empty(t, c.refreshing)
				for _, p := range c.local.parts {
					require.Empty(t, p.awaited, "an answer is awaited for ever")
				}
			}
			for _, line := range r.lines {
				require.Error(t, line.ended.Err(), "a connection was left open")
			}
		})
		run(r)
	})
}

func (r *cacheRig) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	r.mu.Lock()
	err, between := r.fails, r.between
	r.between = nil
	r.mu.Unlock()
	switch {
	case err != nil:
		return err
	case between != nil:
		return r.oneByOne(ctx, q, h, between)
	}
	err = r.store.RoundTrip(ctx, q, h)
	r.mu.Lock()
	then := r.answered
	r.answered = nil
	r.mu.Unlock()
	if then != nil {
		then()
	}
	if err == nil {
		err = ctx.Err() // its caller has left before it knew
	}
	return err
}

// oneByOne does something behind each command but the last.
func (r *cacheRig) oneByOne(ctx context.Context, q *resp.Request, h resp.Handler, between func()) error {
	rest := q.Encoded()
	for i := range q.Len() {
		var s resp.Scanner
		n, _ := s.Scan(rest)
		var command resp.Reply
		command.Reset(rest[:n])
		var one resp.Request
		for j, arg := range command.Args(nil) {
			if j == 0 {
				one.Cmd(string(arg))
			} else {
				one.Bytes(arg)
			}
		}
		if err := r.store.RoundTrip(ctx, &one, resp.HandlerFunc(func(_ int, r *resp.Reply) error { return h.HandleReply(i, r) })); err != nil {
			return err
		}
		if rest = rest[n:]; len(rest) > 0 {
			between()
		}
	}
	return nil
}

func (r *cacheRig) dial(_ context.Context, told func(*resp.Reply)) (pushConn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dialErr != nil {
		return nil, r.dialErr
	}
	line := &pushLine{rig: r, told: told}
	line.ended, line.end = context.WithCancel(context.Background())
	r.lines = append(r.lines, line)
	if then := r.dialled; then != nil {
		r.dialled = nil
		r.mu.Unlock()
		then()
		r.mu.Lock()
	}
	return line, nil
}

func (line *pushLine) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	r := line.rig
	r.mu.Lock()
	silent, refuse := r.silent, r.refuse
	if q.Len() > 1 {
		var command resp.Reply
		var s resp.Scanner
		n, _ := s.Scan(q.Encoded())
		command.Reset(q.Encoded()[:n])
		for _, arg := range command.Args(nil) {
			line.follow = append(line.follow, string(arg))
		}
	}
	r.mu.Unlock()
	if silent {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-line.ended.Done():
			return errLost
		}
	}
	for i := range q.Len() {
		text := "+OK\r\n"
		if i == 0 && q.Len() > 1 && refuse != "" {
			text = refuse
		}
		var reply resp.Reply
		reply.Reset([]byte(text))
		if err := h.HandleReply(i, &reply); err != nil {
			return err
		}
	}
	return line.Err()
}

var errLost = errors.New("the connection was lost")

func (line *pushLine) NextPush(ctx context.Context, _ resp.Handler) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-line.ended.Done():
		return errLost
	}
}

func (line *pushLine) Err() error {
	if line.ended.Err() != nil {
		return errLost
	}
	return nil
}

func (line *pushLine) Close() error {
	line.end()
	return nil
}

// line is the last connection for changes.
func (r *cacheRig) line() *pushLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines[len(r.lines)-1]
}

// tell tells of changed keys; of none: that everything is gone.
func (line *pushLine) tell(keys ...string) {
	frame := resp.AppendBulk(resp.AppendAggregate(nil, resp.Push, 2, 3), "invalidate")
	if len(keys) == 0 {
		frame = resp.AppendNull(frame, 3)
	} else {
		frame = resp.AppendAggregate(frame, resp.Array, len(keys), 3)
		for _, key := range keys {
			frame = resp.AppendBulk(frame, key)
		}
	}
	var r resp.Reply
	r.Reset(frame)
	line.told(&r)
}

func (r *cacheRig) cache(cfg CacheConfig) *Cache {
	r.t.Helper()
	if cfg.Name == "" {
		cfg.Name = "c"
	}
	if cfg.MaxLocalBytes == 0 {
		cfg.MaxLocalBytes = 1 << 20
	}
	c, err := r.state.Cache(cfg)
	require.NoError(r.t, err)
	r.caches = append(r.caches, c)
	synctest.Wait()
	return c
}

// elsewhere is a cache of the same name in another process.
func (r *cacheRig) elsewhere() *Cache {
	r.t.Helper()
	c, err := New(r).Cache(CacheConfig{Name: "c"})
	require.NoError(r.t, err)
	return c
}

// requireNoLease makes sure that nobody has to wait for a load that is over.
func (r *cacheRig) requireNoLease(key string) {
	r.t.Helper()
	v, err := New(r).Do(r.t.Context(), "EXISTS", "bwredis:lease:c:"+key)
	require.NoError(r.t, err)
	n, err := v.Int()
	require.NoError(r.t, err)
	require.Zero(r.t, n, "the lease is still there")
}

// put writes as somebody else does, of whom nobody is told.
func (r *cacheRig) put(key, value string) {
	r.t.Helper()
	require.NoError(r.t, r.store.RoundTrip(r.t.Context(), new(resp.Request).Cmd("SET").Str("bwredis:cache:c:"+key).Str("v:"+value).Str("EX").Int(1000), nil))
}

// onAnswer does something when the next request is answered, before its caller knows.
func (r *cacheRig) onAnswer(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered = do
}

func (r *cacheRig) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// require gets a value and says whether it has to be a copy.
func (r *cacheRig) require(c *Cache, key, want string, local bool) {
	r.t.Helper()
	e, err := c.Get(r.t.Context(), key)
	require.NoError(r.t, err)
	require.Equal(r.t, want, string(e.Value))
	require.Equal(r.t, local, e.Local, "a copy")
}

// settle lets a while pass, so that whatever goes on by itself does.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
