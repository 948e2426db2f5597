package bwstate

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/bwredis/bwredis/resp"
)

// A RoundTripper sends a request and gives its replies to h, as conn.Conn.RoundTrip describes, also where the server does not know a script. Pools, connections and
// the embedded store are RoundTrippers.
type RoundTripper interface {
	RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error
}

// A State is the shared state behind one server or one embedded store. Its methods may be called concurrently.
type State struct {
	rt           RoundTripper
	close        func() error
	certificates func() []Certificate // nil: there are none
	roundTrips   atomic.Uint64
	embedded     bool         // rt is a store of this process
	warn         func(string) // nil: nobody listens

	// dialPushes dials a connection to the server, and gives what it says unasked to onPush; nil: there is no such connection.
	dialPushes func(ctx context.Context, onPush func(*resp.Reply)) (pushConn, error)
	caches     cacheLife

	local struct { // see standIn
		once  sync.Once
		state *State
	}
}

// New makes a State of a RoundTripper that the caller owns and closes. [Open] makes one of settings.
func New(rt RoundTripper) *State {
	return &State{rt: rt, close: func() error { return nil }}
}

// Close closes what [Open] opened, after the operations that are under way; afterwards every operation fails. A State that [New] made has nothing to close. The context of
// what a [Cache] is loading ends, and Close waits for it, ten seconds for what does not look at its context.
func (s *State) Close() error {
	s.closeCaches()
	s.local.once.Do(func() {}) // none is opened after this
	if s.local.state != nil {
		_ = s.local.state.Close()
	}
	return s.close()
}

// RoundTrips returns how many requests the State has sent so far, those that failed included. A script that the server does not know is sent twice, within one.
func (s *State) RoundTrips() uint64 { return s.roundTrips.Load() }

// Ping asks the server for a sign of life.
func (s *State) Ping(ctx context.Context) error {
	op := newAdhoc()
	defer op.recycle()
	op.q.Cmd("PING").MarkReadOnly()
	return s.roundTrip(ctx, &op.q, nil)
}

func (s *State) roundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	s.roundTrips.Add(1)
	return s.rt.RoundTrip(ctx, q, h)
}

// Do sends any command and returns its reply. An error reply is returned as a *resp.Error. A warm Do allocates nothing but the value.
//
// Commands that would change the connection for everybody who shares it (SELECT, AUTH, MULTI, WATCH, SUBSCRIBE …) are refused with a
// [*CommandError]. Blocking commands (BLPOP, XREAD, WAIT …) get a connection of their own and wait as long as ctx allows.
// The usual commands that only read (GET, HGETALL, SCAN …) are sent again when the connection is lost, and go on during a failover; any other is taken to write.
func (s *State) Do(ctx context.Context, args ...string) (resp.Value, error) {
	op := newAdhoc()
	defer op.recycle()
	if err := op.command(args); err != nil {
		return resp.Value{}, err
	}
	err := s.roundTrip(ctx, &op.q, op)
	return op.v, err
}

func (op *adhoc) command(args []string) error {
	if len(args) == 0 {
		return &ArgumentError{Name: "command", Problem: "is missing"}
	}
	op.q.Cmd(args[0]).Args(args[1:]...)
	switch classify(args) {
	case changesConnection:
		return refusal(args[0])
	case blocks:
		op.q.MarkBlocking()
	case reads:
		op.q.MarkReadOnly()
	}
	return nil
}
