package clients

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// OursName is the name of ours as it comes: a pool, which keeps three connections unless the shape says otherwise.
const (
	OursName = "ours"
	kept     = 3
)

// Ours returns our clients: others have modes with a single connection as well.
func Ours() []Client {
	one := OursKept(1)
	one.Lone = true
	return []Client{{Name: OursName, Kind: versus.Ours, Open: openOurs, Follow: followOurs}, one}
}

// OursKept is a pool that keeps n connections.
func OursKept(n int) Client {
	return Client{Name: fmt.Sprintf("ours, %d kept", n), Kind: versus.Ours, Open: func(ctx context.Context, t dial.Target, _ Shape) (Session, error) {
		return openPool(ctx, t, n)
	}}
}

// OursOn is n bare connections that callers are dealt out to in turn.
func OursOn(n int) Client {
	return Client{Name: fmt.Sprintf("ours/%dconn", n), Kind: versus.Ours, Open: func(ctx context.Context, t dial.Target, _ Shape) (Session, error) {
		s := &oursConns{}
		for range n {
			c, err := t.Ours(ctx)
			if err != nil {
				s.Close()
				return nil, err
			}
			s.conns = append(s.conns, c)
		}
		return s, nil
	}}
}

func openOurs(ctx context.Context, t dial.Target, s Shape) (Session, error) {
	n := kept
	if s.Limit > 0 {
		n = s.Limit
	}
	return openPool(ctx, t, min(n, max(1, s.Callers)))
}

func openPool(ctx context.Context, t dial.Target, n int) (Session, error) {
	p, err := pool.New(pool.Config{Dial: t.Ours, Keep: n})
	if err != nil {
		return nil, err
	}
	if err := p.Warm(ctx); err != nil {
		_ = p.Close()
		return nil, err
	}
	return oursPool{pool: p}, nil
}

type oursPool struct {
	oursJudge
	pool *pool.Pool
}

func (s oursPool) Close() { _ = s.pool.Close() }

func (s oursPool) Ask(commands []Command) Ask { return newOursCaller(s.pool, commands).ask }

// followOurs opens a State by settings, for following sentinels is put together there.
func followOurs(ctx context.Context, s Sentinels) (Session, error) {
	env := map[string]string{
		"USE_REDIS":             "yes",
		"REDIS_SENTINEL_HOSTS":  strings.Join(s.Addrs, " "),
		"REDIS_SENTINEL_MASTER": s.Master,
	}
	settings, err := bwstate.ParseSettings(func(name string) string { return env[name] })
	if err != nil {
		return nil, err
	}
	state, err := bwstate.Open(ctx, settings)
	if err != nil {
		return nil, err
	}
	return oursState{state: state}, nil
}

type oursState struct {
	oursJudge
	state *bwstate.State
}

func (s oursState) Close() { _ = s.state.Close() }

func (s oursState) Ask(commands []Command) Ask { return newOursCaller(s.state.Pool(), commands).ask }

// An oursJudge is every session of ours.
type oursJudge struct{}

// NotExecuted implements [Judge].
func (oursJudge) NotExecuted(err error) bool {
	var reply *resp.Error
	return errors.As(err, &reply) || conn.NotSent(err)
}

type oursConns struct {
	oursJudge
	conns []*conn.Conn
	next  int
}

func (s *oursConns) Close() {
	for _, c := range s.conns {
		_ = c.Close()
	}
}

func (s *oursConns) Ask(commands []Command) Ask {
	c := s.conns[s.next%len(s.conns)]
	s.next++
	return newOursCaller(c, commands).ask
}

// A roundTripper sends a request.
type roundTripper interface {
	RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error
}

// An oursCaller keeps its request, and is the handler of its replies: nothing is allocated for a call.
type oursCaller struct {
	to       roundTripper
	commands []Command
	readOnly bool
	blocking bool
	q        resp.Request
	replies  []Reply
}

// Commands that a caller of ours says so of.
var (
	readOnly = map[string]bool{"GET": true, "GETRANGE": true, "PTTL": true}
	blocking = map[string]bool{"WAIT": true}
)

func newOursCaller(to roundTripper, commands []Command) *oursCaller {
	o := &oursCaller{to: to, commands: commands, readOnly: true, replies: make([]Reply, len(commands))}
	for i := range commands {
		o.readOnly = o.readOnly && readOnly[commands[i].Name]
		o.blocking = o.blocking || blocking[commands[i].Name]
	}
	return o
}

func (o *oursCaller) ask(ctx context.Context) ([]Reply, error) {
	o.q.Reset()
	for i := range o.commands {
		o.q.Cmd(o.commands[i].Name).Args(o.commands[i].Args...)
	}
	if o.readOnly {
		o.q.MarkReadOnly()
	}
	if o.blocking {
		o.q.MarkBlocking()
	}
	err := o.to.RoundTrip(ctx, &o.q, o)
	return o.replies, err
}

// HandleReply implements [resp.Handler]. A text that is not owned is copied into memory that is used again, for it is borrowed until HandleReply returns.
func (o *oursCaller) HandleReply(i int, r *resp.Reply) error {
	to := &o.replies[i]
	switch want := o.commands[i].Want; {
	case want == Number:
		to.setInt(r.Int())
	case want == Any:
		to.setAny(oursAny(r))
	case want == Numbers || want == Nested:
		to.Ints = oursInts(to.Ints[:0], r)
	case want == Texts:
		to.setTexts(oursTexts(r))
	case want == Pairs:
		to.setPairs(oursPairs(r))
	case o.commands[i].Nullable && r.Null():
		to.setNull()
	case want == Owned:
		to.setBytes(r.AppendTo(nil))
	default:
		to.setBytes(r.AppendTo(to.Bytes[:0]))
	}
	return r.Err()
}

// oursAny is nothing for an error, which the reply says by itself.
func oursAny(r *resp.Reply) any {
	if r.Err() != nil {
		return nil
	}
	if v := r.Value(); !v.IsNull() {
		return v
	}
	return nil
}

func oursInts(dst []int64, r *resp.Reply) []int64 {
	if r.Kind() != resp.Array {
		return append(dst, r.Int())
	}
	for range r.Array() {
		dst = oursInts(dst, r)
	}
	return dst
}

func oursTexts(r *resp.Reply) []string {
	list := make([]string, r.Array())
	for i := range list {
		list[i] = r.Text()
	}
	return list
}

func oursPairs(r *resp.Reply) map[string]string {
	count := r.Pairs()
	pairs := make(map[string]string, count)
	for range count {
		key := r.Text()
		pairs[key] = r.Text()
	}
	return pairs
}
