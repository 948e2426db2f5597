package bwstate

import (
	"context"
	"errors"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A pushConn is a connection over which the server says more than it is asked for. What it says goes to the function that it was dialled with, in the order in which it
// came, and before replies that came later are handed out.
type pushConn interface {
	RoundTripper
	NextPush(ctx context.Context, h resp.Handler) error
	Err() error
	Close() error
}

// errNoPushes says that a server does not speak RESP3.
var errNoPushes = errors.New("the server speaks RESP2")

// errSwitched says that there is another master.
var errSwitched = errors.New("there is another master")

// session has one connection, until it is lost.
func (t *tracker) session(ctx context.Context) error {
	c, epoch, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	on := map[*topic]bool{}
	for {
		asked := time.Now()
		fresh, wait, cancel := t.next(ctx, on, asked.Add(trackPing))
		err := t.ask(ctx, c, fresh)
		if err == nil {
			t.heard.Store(int64(asked.Sub(t.base)))
			err = t.live(c, epoch, fresh)
		}
		if err == nil {
			err = listen(wait, c)
		}
		cancel()
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// connect dials, and puts the connection in its place if there is no other master meanwhile.
func (t *tracker) connect(ctx context.Context) (pushConn, uint64, error) {
	t.mu.Lock()
	before := t.switches
	t.mu.Unlock()
	dialing, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := t.dial(dialing, t.told)
	if err != nil {
		if errors.Is(err, errNoPushes) {
			err = &refusedTracking{err}
		}
		return nil, 0, err
	}
	epoch, ok := t.install(c, before)
	if !ok {
		_ = c.Close()
		return nil, 0, errSwitched
	}
	return c, epoch, nil
}

// install reports false when there has been a switch since there were so many.
func (t *tracker) install(c pushConn, switches int) (epoch uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.switches != switches {
		return 0, false
	}
	t.epoch++
	t.c = c
	return t.epoch, true
}

// next returns the topics that the server was not asked for yet, and a context that ends when there are others, or at a time.
func (t *tracker) next(ctx context.Context, on map[*topic]bool, until time.Time) (fresh []*topic, wait context.Context, cancel context.CancelFunc) {
	wait, cancel = context.WithDeadline(ctx, until)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.interrupt = cancel
	for _, p := range t.topics {
		if !on[p] {
			on[p] = true
			fresh = append(fresh, p)
		}
	}
	return fresh, wait, cancel
}

// ask asks the server to tell of more topics, and for a sign of life. What it told before it answered has arrived then.
func (t *tracker) ask(ctx context.Context, c pushConn, fresh []*topic) error {
	ctx, cancel := context.WithTimeout(ctx, MaxCacheStaleness)
	defer cancel()
	var q resp.Request
	if len(fresh) > 0 {
		q.Cmd("CLIENT").Str("TRACKING").Str("ON").Str("BCAST")
		for _, p := range fresh {
			q.Str("PREFIX").Str(p.prefix)
		}
	}
	q.Cmd("PING")
	var no error
	err := c.RoundTrip(ctx, &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		if e := r.ErrorReply(); e != nil && i == 0 && len(fresh) > 0 {
			no = e
		}
		return nil // any answer to PING is a sign of life
	}))
	switch {
	case err != nil:
		return err
	case resp.IsCode(no, "ERR"), resp.IsCode(no, "NOPERM"):
		return &refusedTracking{no}
	}
	return no
}

// live lets copies of the topics count from now on, if c is still the connection.
func (t *tracker) live(c pushConn, epoch uint64, fresh []*topic) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.c != c {
		return errSwitched
	}
	t.refused = false
	for _, p := range fresh {
		p.dropAll(true) // the server is back, and nobody knows what has changed meanwhile
		p.epoch.Store(epoch)
	}
	return nil
}

// listen reads until ctx ends, or the connection.
func listen(ctx context.Context, c pushConn) error {
	for ctx.Err() == nil && c.Err() == nil {
		_ = c.NextPush(ctx, nil)
	}
	return c.Err()
}
