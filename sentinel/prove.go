package sentinel

import (
	"context"
	"errors"
	"time"

	"github.com/bwredis/bwredis/conn"
)

const (
	proveFor   = 3 * time.Second       // how long a server that is said to be the new master may take to say so itself
	proveFirst = 50 * time.Millisecond // after which it is asked again, then less and less often
	proveAgain = 2 * time.Second       // after which one is asked anew that most sentinels go on naming
)

// A candidate is a server that is said to be the master.
type candidate struct {
	addr  string
	epoch uint64 // of the configuration that says so; 0: it was announced
	by    source
	stop  context.CancelFunc

	unless string // this one still says that it is a master; "": whatever that says
}

// A proof is what became of a candidate.
type proof struct {
	*candidate
	c   *conn.Conn // to it, verified
	err error
}

// prove asks a candidate whether it is a master. Writes are held meanwhile.
func (w *watch) prove(c candidate) {
	if w.proving[c.addr] != nil || !c.by.announced && c.addr == w.unproved && time.Since(w.unprovedAt) < proveAgain {
		return
	}
	ctx, stop := context.WithTimeout(w.ctx, proveFor)
	c.stop = stop
	w.proving[c.addr] = &c
	if known, _, _ := w.r.known(); known != "" && c.unless == "" {
		w.hold(c.by)
	}
	w.tasks.Go(func() {
		defer stop()
		nc, err := w.askCandidate(ctx, &c)
		select {
		case w.proved <- proof{&c, nc, err}:
		case <-w.ctx.Done():
			closeIf(nc)
		}
	})
}

// stopProving gives up the candidate of a source, if there is one.
func (w *watch) stopProving(by source) {
	for addr, c := range w.proving {
		if c.by == by {
			c.stop()
			delete(w.proving, addr)
		}
	}
}

var errStillMaster = errors.New("the server that is followed still says that it is the master")

// askCandidate returns a connection to a candidate when that says that it is a master.
func (w *watch) askCandidate(ctx context.Context, c *candidate) (*conn.Conn, error) {
	if c.unless != "" {
		bounded, cancel := context.WithTimeout(ctx, w.r.cfg.Timeout)
		defer cancel()
		if nc, err := dialVerified(bounded, w.data, c.unless, Master); err == nil {
			_ = nc.Close()
			return nil, errStillMaster
		}
	}
	for pause := proveFirst; ; pause *= 2 {
		nc, err := dialVerified(ctx, w.data, c.addr, Master)
		if err == nil || !rest(ctx, ctx, pause) {
			return nc, err
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
	if w.proving[p.addr] != p.candidate {
		closeIf(p.c)
		return false // it was given up
	}
	delete(w.proving, p.addr)
	if p.err != nil {
		w.unproved, w.unprovedAt = p.addr, time.Now()
		w.r.unknown(p.err)
		w.tellUnproved(p)
		w.release(p.by)
		return p.err != errStillMaster
	}
	for _, c := range w.proving {
		c.stop() // whoever is still right will be named again
	}
	clear(w.proving)
	w.follow(p)
	return true
}

// follow makes a server the master that has proved to be one.
func (w *watch) follow(p proof) {
	known, met, epoch := w.r.known()
	if p.epoch > 0 {
		epoch = p.epoch // also when it is a lower one, and the others were overruled
	}
	s := Switch{Master: w.r.cfg.Master, From: known, To: p.addr, Held: w.r.held(), Down: len(w.dead) > 0}
	if known == "" {
		s.From = otherThan(met, p.addr)
	}
	_, early := w.held()
	s.Planned = early && !s.Down
	wake := w.r.adopt(p.addr, epoch)
	w.other, w.unproved = "", ""
	if s.From == "" { // it is the one that there is, and may be about to be replaced; who dials has connections already, or makes one as the settings are by then
		_ = p.c.Close()
	} else {
		w.r.offer(w.data, p.c)
		w.onSwitch(s)
		w.r.tellSwitch(s)
		w.settle()
	}
	wake()
}

// otherThan returns the first of addrs that is another; "": there is none.
func otherThan(addrs []string, addr string) string {
	for _, a := range addrs {
		if a != addr {
			return a
		}
	}
	return ""
}
