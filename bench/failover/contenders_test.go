package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// A library is a contender when it follows sentinels, and another one when it can be told to ask them.
func TestContenders(t *testing.T) {
	var told []time.Duration
	follow := func(_ context.Context, s clients.Sentinels) (clients.Session, error) {
		told = append(told, s.Refresh)
		return &replying{numbers: []int64{1}}, nil
	}
	list := contenders([]clients.Client{
		{Name: clients.OursName, Kind: versus.Ours, Follow: follow},
		{Name: "new", Kind: versus.Peer, Follow: follow},
		{Name: "stays", Kind: versus.Peer},
		{Name: "asks", Kind: versus.Peer, Follow: follow, Refresh: time.Minute},
	})
	var names, missed, killed []string
	for _, c := range list {
		names = append(names, c.name)
		if c.isIn(missedName) {
			missed = append(missed, c.name)
		}
		if c.isIn(killName) {
			killed = append(killed, c.name)
		}
		team := team{contender: c}
		if team.open(t.Context(), nil); team.closed != nil {
			t.Errorf("%s: %v", c.name, team.closed)
		}
	}
	if want := []string{oursName, durableName, "new", "asks", "asks, refresh"}; !slices.Equal(names, want) {
		t.Errorf("got %q", names)
	}
	if want := []string{oursName, "new", "asks", "asks, refresh"}; !slices.Equal(missed, want) {
		t.Errorf("in %s: %q", missedName, missed)
	}
	if want := []string{oursName, durableName, "new", "asks"}; !slices.Equal(killed, want) {
		t.Errorf("in %s: %q", killName, killed)
	}
	if want := []time.Duration{0, 0, 0, 0, time.Minute}; !slices.Equal(told, want) {
		t.Errorf("told to refresh: %v", told)
	}
}

// Who does not answer is not open, nor who cannot increment.
func TestProved(t *testing.T) {
	for _, s := range []*replying{{err: errFake}, {mute: true}} {
		_, err := proved(func(context.Context, clients.Sentinels) (clients.Session, error) { return s, nil })(t.Context(), clients.Sentinels{})
		if !errors.Is(err, errFake) && !errors.Is(err, errNoWay) || !s.closed {
			t.Errorf("got %v, closed: %v", err, s.closed)
		}
	}
}

// An increment counts when a replica has it, and is known to be made when none has. What is unknown stays so.
func TestDurable(t *testing.T) {
	for _, test := range []struct {
		replies replying
		want    outcome
	}{
		{replying{numbers: []int64{41, 1}}, acknowledged},
		{replying{numbers: []int64{41, 0}}, unpromised},
		{replying{numbers: []int64{41, 1}, err: errFake}, refused},
		{replying{numbers: []int64{41, 1}, err: context.DeadlineExceeded}, unknown},
	} {
		session := durable{&test.replies}
		team := team{session: session}
		got := team.call(session.Ask(incr("key")), &team.stream)
		r := team.stream.taken()[0]
		if got != test.want || r.outcome != got || got.isSuccess() != (r.value == 41) {
			t.Errorf("%+v: got %v, %+v", test.replies, got, r)
		}
		if asked := test.replies.asked; len(asked) != 2 || asked[1].Name != "WAIT" {
			t.Errorf("asked %+v", asked)
		}
	}
}

// replying is a session that always gives the same replies.
type replying struct {
	numbers []int64
	err     error
	mute    bool
	asked   []clients.Command
	closed  bool
}

func (s *replying) Ask(commands []clients.Command) clients.Ask {
	if s.mute {
		return nil
	}
	s.asked = commands
	return func(context.Context) ([]clients.Reply, error) {
		replies := make([]clients.Reply, len(commands))
		for i := range s.numbers {
			if i < len(replies) {
				replies[i].Ints = s.numbers[i : i+1]
			}
		}
		return replies, s.err
	}
}

func (s *replying) NotExecuted(err error) bool { return errors.Is(err, errFake) }

func (s *replying) Close() { s.closed = true }
