package sentinel

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// Between attempts to reach a master of which nothing new is heard.
const (
	firstRetry   = 50 * time.Millisecond
	longestRetry = time.Second
)

// Dial returns a function that resolves, dials with d, and verifies the role of the server it reached. It fits pool.Config.
//
// While a [Resolver.Watch] is in progress the master that it follows is dialled, without a question, whether the sentinels are there or not. Where that fails, and
// there was a master before, the function goes on trying until its context ends: a new master is dialled as soon as it is known. What waiting does not mend, such as
// a wrong password, is returned at once, and so is everything without a Watch. Every error says that nothing was sent, as [conn.NotSent] has it.
func (r *Resolver) Dial(d *conn.Dialer, role Role) func(context.Context) (*conn.Conn, error) {
	return func(ctx context.Context) (*conn.Conn, error) {
		c, err := r.dialAny(ctx, d, role)
		if err != nil && !conn.NotSent(err) {
			err = &conn.Error{Op: conn.OpDial, Addr: r.cfg.Master, Err: err}
		}
		return c, err
	}
}

func (r *Resolver) dialAny(ctx context.Context, d *conn.Dialer, role Role) (*conn.Conn, error) {
	switch role {
	case Master:
		return r.dialMaster(ctx, d)
	case PreferReplica:
		if c, err := r.dialRole(ctx, d, Replica); err == nil || ctx.Err() != nil {
			return c, err
		}
		return r.dialMaster(ctx, d)
	}
	return r.dialRole(ctx, d, role)
}

// dialMaster dials the master, and waits for there to be one, as long as there is hope.
func (r *Resolver) dialMaster(ctx context.Context, d *conn.Dialer) (*conn.Conn, error) {
	var last error = errUnknown
	for pause := firstRetry; ; pause = min(2*pause, longestRetry) {
		addr, term, hope := r.master()
		c, err := r.attempt(ctx, term, d, addr, hope)
		switch {
		case err == nil:
			r.meet(c.Addr())
			return c, nil
		case !hope, !passes(err):
			return nil, err
		case ctx.Err() == nil:
			last = err
		}
		r.doubt()
		if !rest(ctx, term, pause) {
			return nil, &waitError{r.cfg.Master, last, ctx.Err()}
		}
	}
}

// attempt dials addr, and gives that up when the master turns out to be another. Without an address it dials whatever the sentinels name, unless there is hope that
// the watch will know: that asks them already.
func (r *Resolver) attempt(ctx, term context.Context, d *conn.Dialer, addr string, hope bool) (*conn.Conn, error) {
	switch {
	case addr == "" && hope:
		return nil, r.whyUnknown()
	case addr == "":
		return r.dialRole(ctx, d, Master)
	}
	if c := r.takeSpare(d, addr); c != nil {
		return c, nil
	}
	attempt, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(term, cancel)()
	c, err := dialVerified(attempt, d, addr, Master)
	if err != nil && term.Err() != nil && ctx.Err() == nil {
		err = &conn.Error{Op: conn.OpDial, Addr: addr, Err: errSwitched}
	}
	return c, err
}

// dialRole asks the sentinels. Where they disagree, and the server that is most likely the one says that it is not, it dials the next.
func (r *Resolver) dialRole(ctx context.Context, d *conn.Dialer, role Role) (*conn.Conn, error) {
	addrs, err := r.candidates(ctx, role)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, addr := range addrs {
		c, err := dialVerified(ctx, d, addr, role)
		if err == nil {
			return c, nil
		}
		errs = append(errs, err)
		if !passes(err) || ctx.Err() != nil {
			break
		}
	}
	if len(errs) == 1 {
		return nil, errs[0]
	}
	return nil, errors.Join(errs...)
}

func dialVerified(ctx context.Context, d *conn.Dialer, addr string, role Role) (*conn.Conn, error) {
	c, err := d.Dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := verify(ctx, c, role); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// passes reports whether a failure may pass by itself: the server is away, is no master or none yet, or no sentinel tells. It does not when the
// server is there and refuses whoever connects.
func passes(err error) bool {
	var unresolved *ResolveError
	if errors.As(err, &unresolved) {
		return true // whatever single sentinels said
	}
	var reply *resp.Error
	if errors.As(err, &reply) {
		code := reply.Code()
		return code == "LOADING" || code == "MASTERDOWN" || code == "READONLY"
	}
	var refused *tls.CertificateVerificationError
	var alert tls.AlertError
	var noTLS tls.RecordHeaderError
	return !errors.As(err, &refused) && !errors.As(err, &alert) && !errors.As(err, &noTLS)
}

// rest waits for about pause, but no longer than until the term ends. It reports false when ctx ends.
func rest(ctx, term context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause/2 + rand.N(pause/2)) // clients do not move together
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-term.Done():
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
