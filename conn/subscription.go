package conn

import (
	"context"
	"sync"
	"time"
)

// Channels are what to subscribe to.
type Channels struct {
	Names    []string // SUBSCRIBE
	Patterns []string // PSUBSCRIBE
	Sharded  []string // SSUBSCRIBE, which came with Redis 7
}

// A Message is what was published, or, where Gap is set, the news that something may have been missed.
type Message struct {
	Channel string
	Pattern string // the one that matched, with PSUBSCRIBE
	Payload string
	Gap     *Gap // not nil: this is no message
}

// A Gap is a time in which the subscription was not in place: what was published between From and To may have been missed. Who keeps a state that
// follows the messages reads that state anew.
type Gap struct {
	From time.Time // when the old connection was last known to be good: everything published before was received
	To   time.Time // when the server had confirmed every channel on the new one
	Err  error     // what happened to the old connection
}

// A Subscription receives what is published on some channels, over a connection of its own. When that dies, Next makes another one, subscribes again and says so
// with a [Gap]. Its methods may be called concurrently.
type Subscription struct {
	dial   func(context.Context) (*Conn, error)
	turn   chan struct{} // of size 1: held by the caller of Next
	editor chan struct{} // of size 1: held by Add and Remove, so that what they say arrives in the order of what they note
	closed context.Context
	end    context.CancelFunc // of closed

	mu     sync.Mutex         // never held across I/O
	wanted map[topic]struct{} // guarded by mu
	edits  int                // how often wanted was changed; guarded by mu
	c      *Conn              // nil: lost. guarded by mu

	// Owned by the caller of Next.
	in       inbox
	good     time.Time     // everything published before was handed out
	answered time.Time     // when the last question was asked that is answered: good, once nothing is kept any more; zero: none since good
	open     time.Time     // when the first question was asked that is not answered; zero: all are
	since    time.Time     // when the connection was made
	lost     error         // why the connection before was given up
	pause    time.Duration // before the next dial
}

// Subscribe dials and subscribes, and returns when the server has confirmed every channel. dial must return connections of a [Dialer] with PubSub set. It is
// called again whenever a connection is lost; that of a sentinel's resolver finds the master each time.
func Subscribe(ctx context.Context, dial func(context.Context) (*Conn, error), channels Channels) (*Subscription, error) {
	s := &Subscription{
		dial: dial, turn: make(chan struct{}, 1), editor: make(chan struct{}, 1),
		wanted: map[topic]struct{}{},
	}
	s.closed, s.end = context.WithCancel(context.Background())
	s.in.subscription = s
	for _, t := range channels.topics() {
		s.wanted[t] = struct{}{}
	}
	if err := s.connect(ctx); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// Next waits for a message, or for a Gap. It returns an error when ctx ends, when the server refuses the credentials or a channel, and [ErrClosed] after Close.
// While no server can be reached it goes on trying, with pauses of up to two seconds. Whatever the error, but for ErrClosed, Next may be called again.
//
// Messages that nobody takes wait on the connection, up to the Dialer's MaxReply bytes; then it is given up, which is a Gap like any other.
func (s *Subscription) Next(ctx context.Context) (Message, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Message{}, &Error{Op: OpQueue, Addr: "subscription", Err: ctx.Err()}
	}
	for {
		c := s.conn()
		if c == nil {
			return s.reconnect(ctx)
		}
		got, err := s.receive(ctx, c)
		switch {
		case s.isClosed():
			return Message{}, ErrClosed
		case isFailure(err) && c.Err() == nil && ended(ctx) != nil:
			return Message{}, err
		case err != nil:
			s.lose(c, err)
		case got:
			return s.in.message, nil
		}
	}
}

// Add subscribes to more channels and returns when the server has confirmed them. A channel that the server refuses is not tried again. When the connection is lost
// meanwhile Add returns nil: Next subscribes to everything anew.
func (s *Subscription) Add(ctx context.Context, channels Channels) error {
	return s.change(ctx, func() error {
		topics := channels.topics()
		var fresh []topic
		s.edit(topics, func(t topic) {
			if _, ok := s.wanted[t]; !ok {
				fresh = append(fresh, t)
			}
			s.wanted[t] = struct{}{}
		})
		err := s.tell(ctx, topics, topic.subscribe)
		if isReply(err) {
			s.edit(fresh, func(t topic) { delete(s.wanted, t) })
			_ = s.tell(ctx, fresh, topic.unsubscribe) // those that were accepted
		}
		return err
	})
}

// Remove ends the subscription to some channels and returns when the server has confirmed that. No message of theirs comes out of Next any more.
func (s *Subscription) Remove(ctx context.Context, channels Channels) error {
	return s.change(ctx, func() error {
		topics := channels.topics()
		s.edit(topics, func(t topic) { delete(s.wanted, t) })
		return s.tell(ctx, topics, topic.unsubscribe)
	})
}

// change lets one Add or Remove after the other work.
func (s *Subscription) change(ctx context.Context, work func() error) error {
	select {
	case s.editor <- struct{}{}:
		defer func() { <-s.editor }()
		return work()
	case <-ctx.Done():
		return &Error{Op: OpQueue, Addr: "subscription", Err: ctx.Err()}
	}
}

// Close ends the subscription. A Next that waits returns [ErrClosed].
func (s *Subscription) Close() error {
	s.mu.Lock()
	c := s.c
	s.c = nil
	s.end()
	s.mu.Unlock()
	if c != nil {
		return c.Close()
	}
	return nil
}

func (s *Subscription) isClosed() bool { return s.closed.Err() != nil }

func (s *Subscription) conn() *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.c
}

func (s *Subscription) wants(t topic) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.wanted[t]
	return ok
}

func (s *Subscription) edit(topics []topic, change func(topic)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range topics {
		change(t)
	}
	s.edits++
}
