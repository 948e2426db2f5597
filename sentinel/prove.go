package sentinel

import (
	"context"
	"time"

	"github.com/bwredis/bwredis/conn"
)

const (
	proveFor   = 3 * time.Second       // how long a server that is said to be the new master may take to say so itself
	proveEvery = 50 * time.Millisecond // about how often it is asked
)

// A candidate is a server that is said to be the master.
type candidate struct {
	addr  string
	epoch uint64 // of the configuration that says so; 0: it was announced
	stop  context.CancelFunc
}

// A proof is what became of a candidate.
type proof struct {
	*candidate
	c   *conn.Conn // to it, verified
	err error
}

// prove asks a candidate whether it is a master, instead of any other that is being asked.
func (w *watch) prove(c candidate) {
	if w.proving != nil && w.proving.addr == c.addr {
		return
	}
	w.stopProving()
	ctx, stop := context.WithTimeout(w.ctx, proveFor)
	c.stop = stop
	w.proving = &c
	w.tasks.Go(func() {
		defer stop()
		nc, err := w.askCandidate(ctx, c.addr)
		select {
		case w.proved <- proof{&c, nc, err}:
		case <-w.ctx.Done():
			closeIf(nc)
		}
	})
}

func (w *watch) stopProving() {
	if w.proving != nil {
		w.proving.stop()
		w.proving = nil
	}
}

// askCandidate returns a connection to the server at addr when that says that it is a master.
func (w *watch) askCandidate(ctx context.Context, addr string) (*conn.Conn, error) {
	for {
		c, err := dialVerified(ctx, w.data, addr, Master)
		if err == nil || !rest(ctx, ctx, proveEvery) {
			return c, err
		}
	}
}

func closeIf(c *conn.Conn) {
	if c != nil {
		_ = c.Close()
	}
}

// conclude follows a candidate that has proved to be a master. It reports whether there is something to ask.
func (w *watch) conclude(p proof) (doubt bool) {
	if w.proving != p.candidate {
		closeIf(p.c)
		return false // another one is being asked by now
	}
	w.proving = nil
	if p.err != nil {
		w.unproved = p.addr
		w.tellUnproved(p)
		return true
	}
	known, from, epoch := w.r.known()
	if p.epoch > 0 {
		epoch = p.epoch // also when it is a lower one, and the others were overruled
	}
	if known != "" {
		from = known
	}
	wake := w.r.adopt(p.addr, epoch)
	w.r.offer(w.data, p.c)
	w.other, w.unproved = "", ""
	if from != "" && from != p.addr {
		s := Switch{Master: w.r.cfg.Master, From: from, To: p.addr, Held: w.r.held(), Planned: w.warned && !w.dead, Down: w.dead}
		w.onSwitch(s)
		w.r.tellSwitch(s)
	}
	w.settle()
	wake()
	return true
}
