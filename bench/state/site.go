package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/memconn"
	"github.com/bwredis/bwredis/bench/wiretap"
	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/pool"
)

const (
	callersOf64 = 64
	service     = "www.example.com"
	sessionSize = 400
	noKey       = -2 // what PTTL answers
)

var (
	perMinute = bwstate.Rate{Limit: 10, Window: time.Minute}
	plenty    = bwstate.Rate{Limit: 1_000_000_000_000, Window: 24 * time.Hour}

	sessionConfig   = bwstate.AppSessionConfig{Name: "bench"}
	visitorSettings = bwstate.VisitorSettings{Secret: visitorSecret, Name: "session"}
)

const visitorSecret = "not-a-secret-of-anybody"

// client is the address of whom a caller asks about. All have the same length.
func client(caller int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(100 + caller/100), 1, byte(100 + caller%100)})
}

// sessionData is what an application's session of a caller holds.
func sessionData(caller int) string {
	return strings.Repeat("s", sessionSize-3) + fmt.Sprintf("%03d", caller)
}

// A site is a server that has what the operations ask for, and what was seen of each of them there.
type site struct {
	tcp      dial.Target
	version  string
	now      time.Time // the clock of limits stands still, so that the same bytes can be sent by hand
	tokens   []string  // of the callers' sessions
	cookies  []string
	bare     []*bareVisitor
	recorded map[string][]recording // by operation and caller
}

// newSite stores what the operations ask for, and does each of them once for every caller. The server is the program's own, so nothing has to be removed.
func newSite(ctx context.Context, t dial.Target) (*site, error) {
	s := &site{tcp: t, now: time.Now(), recorded: map[string][]recording{}}
	var tap wiretap.Tap
	state, closeState, err := openState(ctx, tap.Target(t), 1)
	if err != nil {
		return nil, err
	}
	defer closeState()
	c, err := t.Ours(ctx)
	if err != nil {
		return nil, err
	}
	h := c.Hello()
	s.version = strings.TrimSpace(h.Server + " " + h.Version)
	if err := c.Close(); err != nil {
		return nil, err
	}
	for caller := range callersOf64 {
		if err := s.begin(ctx, state, caller); err != nil {
			return nil, err
		}
	}
	for _, op := range operations() {
		for caller := range callersOf64 {
			r, err := s.record(ctx, op, state, &tap, caller)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", op.name, err)
			}
			s.recorded[op.name] = append(s.recorded[op.name], r)
		}
	}
	return s, nil
}

// begin creates the sessions of one caller.
func (s *site) begin(ctx context.Context, state *bwstate.State, caller int) error {
	own, err := state.AppSessions(sessionConfig)
	if err != nil {
		return err
	}
	session, err := own.Create(ctx, "", []byte(sessionData(caller)))
	if err != nil {
		return err
	}
	s.tokens = append(s.tokens, string(session.Token))
	visitors, err := state.VisitorSessions(visitorSettings)
	if err != nil {
		return err
	}
	visit, err := visitors.New(bwstate.Visitor{IP: client(caller), UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
	if err != nil {
		return err
	}
	if err := visit.Set("cart", []int{caller, 1, 2, 3}); err != nil {
		return err
	}
	if err := visit.Save(ctx); err != nil {
		return err
	}
	line, _, _ := strings.Cut(visit.SetCookies()[0], ";")
	_, cookie, _ := strings.Cut(line, "=")
	s.cookies = append(s.cookies, cookie)
	bare, err := newBare(cookie)
	s.bare = append(s.bare, bare)
	return err
}

func (s *site) limits(state *bwstate.State) (*bwstate.Limits, error) {
	return state.Limits(bwstate.LimitsConfig{Now: func() time.Time { return s.now }})
}

// record does an operation twice, for scripts may be unknown before, and keeps what went over the wire the second time.
func (s *site) record(ctx context.Context, op operation, state *bwstate.State, tap *wiretap.Tap, caller int) (recording, error) {
	call, err := op.ours(s, state, caller)
	if err != nil {
		return recording{}, err
	}
	if _, err := call(ctx); err != nil {
		return recording{}, err
	}
	tap.Clear()
	before := state.RoundTrips()
	got, err := call(ctx)
	if err != nil {
		return recording{}, err
	}
	if got != right {
		return recording{}, fmt.Errorf("the result of caller %d is wrong", caller)
	}
	return takeApart(tap, int(state.RoundTrips()-before))
}

// openState is ours, with all the connections that it keeps.
func openState(ctx context.Context, t dial.Target, keep int) (*bwstate.State, func(), error) {
	p, err := pool.New(pool.Config{Dial: t.Ours, Keep: keep})
	if err != nil {
		return nil, nil, err
	}
	if err := p.Warm(ctx); err != nil {
		_ = p.Close()
		return nil, nil, err
	}
	return bwstate.New(p), func() { _ = p.Close() }, nil
}

// ours is a contender of so many callers.
func (s *site) ours(op operation, t dial.Target, keep, callers int, rec *crowd.Recorder) func(context.Context) ([]crowd.Call, func(), error) {
	return func(ctx context.Context) ([]crowd.Call, func(), error) {
		state, closeState, err := openState(ctx, t, keep)
		if err != nil {
			return nil, nil, err
		}
		calls := make([]crowd.Call, callers)
		for caller := range calls {
			if calls[caller], err = op.ours(s, state, caller); err != nil {
				closeState()
				return nil, nil, err
			}
		}
		return calls, closeState, nil
	}
}

// memory answers an operation of the first caller with what was recorded.
func (s *site) memory(op operation) dial.Target {
	frames := s.recorded[op.name][0].frames
	return dial.Target{Network: "tcp", Addr: "memory:6379", Memory: func() net.Conn { return memconn.New(frames...) }}
}
