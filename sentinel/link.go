package sentinel

import (
	"context"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// Between attempts to reach a sentinel: all of them together are not tried more often than linksPerSecond, in the long run.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 2 * time.Second
)

// listenTo listens to one sentinel until the watch ends, or the sentinel is to be forgotten.
func (w *watch) listenTo(m *member) {
	defer w.r.forget(m)
	defer w.r.isAway(m, nil) // without a watch it is asked like any other
	pause := firstPause
	for {
		began := time.Now()
		err := w.listen(m)
		if w.ctx.Err() != nil || err == errTwice || w.r.lost(m) {
			return
		}
		w.r.note(opinion{from: m, err: err})
		if time.Since(began) > longestPause {
			pause = firstPause
		}
		if !rest(w.ctx, w.ctx, pause) {
			return
		}
		n, _ := w.r.counts()
		pause = min(2*pause, max(longestPause, time.Duration(n)*4*time.Second/3/linksPerSecond)) // of which rest takes three quarters, on average
	}
}

// listen connects to a sentinel, subscribes, and passes on what it publishes, until the connection is lost. With RESP3 the same connection serves for
// questions; so one that is dead on the other side only is found out by a question that has no answer. With RESP2 it takes no more than a PING.
func (w *watch) listen(m *member) error {
	c, err := w.dialer.Dial(w.ctx, "tcp", m.addr)
	w.r.isAway(m, err)
	if err != nil {
		return err
	}
	defer c.Close()
	if !w.r.identify(m, askID(w.ctx, c)) {
		return errTwice
	}
	if err := subscribe(w.ctx, c); err != nil && c.Err() != nil {
		return err
	} else if err != nil {
		w.r.tellDeaf(m, err)
	}
	asked := c
	if c.Hello().Protocol != 3 { // it takes no questions any more
		asked = nil
	}
	w.r.listening(m, asked)
	defer w.r.lostTouch(m)
	w.hear(event{from: m, meaning: heard})
	for {
		err := w.next(m, c)
		if err != nil {
			return err
		}
	}
}

// pingEvery is how often a sentinel is asked for a sign of life that takes no questions on the connection that it publishes on.
const pingEvery = 5 * time.Second

// next waits for an event, and passes it on.
func (w *watch) next(m *member, c *conn.Conn) error {
	ctx := w.ctx
	if c.Hello().Protocol != 3 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(w.ctx, pingEvery)
		defer cancel()
	}
	err := c.NextPush(ctx, resp.HandlerFunc(func(_ int, reply *resp.Reply) error {
		e, ours, err := readEvent(reply, w.r.cfg.Master)
		if ours {
			e.from = m
			w.hear(e)
		}
		return err
	}))
	if err != nil && ctx.Err() != nil && w.ctx.Err() == nil && c.Err() == nil {
		_, err = c.Do(w.ctx, "PING")
	}
	return err
}

// askID asks a sentinel for what the others call it; "" before Redis 6.2, and where the user has not the right.
func askID(ctx context.Context, c *conn.Conn) (id string) {
	_ = ask(ctx, c, func(q *resp.Request) { q.Cmd("SENTINEL").Str("MYID") }, func(reply *resp.Reply) error {
		id = reply.Text()
		return reply.Err()
	})
	return id
}

func subscribe(ctx context.Context, c *conn.Conn) error {
	var q resp.Request
	for channel := range channels {
		q.Cmd("SUBSCRIBE").Str(channel)
	}
	return c.RoundTrip(ctx, &q, nil)
}
