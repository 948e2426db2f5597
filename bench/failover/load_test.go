package main

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
)

// script is a client in this process that increments, and whose calls may fail.
type script struct {
	mu     sync.Mutex
	values map[string]int64
	calls  int
	fail   func(call int) error
	took   time.Duration
}

var errFake = errors.New("fake")

func (s *script) incr(ctx context.Context, key string) (int64, error) {
	select {
	case <-time.After(s.took):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if err := s.fail(s.calls); err != nil {
		return 0, err
	}
	s.values[key]++
	return s.values[key], nil
}

func (s *script) Ask(commands []clients.Command) clients.Ask {
	return func(ctx context.Context) ([]clients.Reply, error) {
		n, err := s.incr(ctx, commands[0].Args[0])
		return []clients.Reply{{Ints: []int64{n}}}, err
	}
}

func (s *script) NotExecuted(err error) bool { return errors.Is(err, errFake) }

func (s *script) Close() {}

func work(s *script, d time.Duration) (t *team, halted bool) {
	s.values = map[string]int64{}
	t = &team{contender: contender{name: "fake"}, session: s}
	t.begin(time.Now())
	time.Sleep(d)
	return t, t.halted()
}

// Every call is written down once, with what its caller was told.
func TestTeamKeepsBooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{took: time.Millisecond, fail: func(call int) error {
			if call%7 == 0 {
				return errFake
			}
			return nil
		}}
		team, halted := work(s, 2*time.Second)
		if !halted {
			t.Fatal("a call hangs")
		}
		stream, crowd := settle(team.stream.taken(), s.values[team.stream.key]), settle(team.crowd.taken(), s.values[team.crowd.key])
		if n := stream.acknowledged + stream.refused + crowd.acknowledged + crowd.refused; n != s.calls || stream.refused == 0 || crowd.refused == 0 {
			t.Errorf("%d of %d calls are in the books: %+v, %+v", n, s.calls, stream, crowd)
		}
		for _, a := range []account{stream, crowd} {
			if a.lost != 0 || a.excess != 0 || a.unknown != 0 {
				t.Errorf("nothing is lost and nothing unknown: %+v", a)
			}
		}
	})
}

// What was due while a call took long is left out, not made up for.
func TestStreamDoesNotHurryAfterAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{took: 10 * interval, fail: func(int) error { return nil }}
		team, _ := work(s, 100*interval)
		if n := team.stream.under(0); n < 9 || n > 11 {
			t.Errorf("%d calls", n)
		}
	})
}

// A call ends with its context, and its outcome is unknown.
func TestCallsHaveAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{took: 2 * callBound, fail: func(int) error { return nil }}
		team, halted := work(s, callBound/2)
		got := settle(team.crowd.taken(), 0)
		if !halted || got != (account{unknown: callers}) {
			t.Errorf("%+v, halted: %v", got, halted)
		}
	})
}

// A client that does not look at its context is found out.
func TestCallThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := &hanging{until: make(chan struct{})}
		team := &team{contender: contender{name: "fake"}, session: stuck}
		team.begin(time.Now())
		if team.halted() {
			t.Error("it did not wait for the calls")
		}
		close(stuck.until)
	})
}

type hanging struct{ until chan struct{} }

func (h *hanging) Ask([]clients.Command) clients.Ask {
	return func(context.Context) ([]clients.Reply, error) {
		<-h.until
		return nil, errFake
	}
}

func (h *hanging) Close() {}

// Opening ends, whatever the client makes of its context.
func TestOpenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := make(chan struct{})
		team := &team{contender: contender{name: "fake", open: func(context.Context, clients.Sentinels) (clients.Session, error) {
			<-until
			return &script{}, nil
		}}}
		team.open(t.Context(), nil)
		if team.session != nil || !errors.Is(team.closed, errSlow) {
			t.Errorf("got %v, %v", team.session, team.closed)
		}
		close(until)
	})
}
