package conn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// How a Subscription looks after its connection.
const (
	pingInterval = 15 * time.Second // a server that has answered nothing for so long is asked, and has as long to answer
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

var errNothing = errors.New("the dial function returned neither a connection nor an error")

// receive waits for a message, and for as long as the server can be taken to be there. It reports whether a message came.
func (s *Subscription) receive(ctx context.Context, c *Conn) (got bool, err error) {
	askAt := later(s.good, s.answered).Add(pingInterval)
	if !time.Now().Before(askAt) {
		return false, s.ask(ctx, c)
	}
	wait, cancel := context.WithDeadline(ctx, askAt)
	defer cancel()
	s.in.got = false
	err = c.NextPush(wait, &s.in)
	if isFailure(err) { // the connection's or a context's: nothing is kept any more
		s.good = later(s.good, s.answered)
		if c.Err() == nil && ended(ctx) == nil && ended(wait) != nil {
			return false, nil
		}
	}
	return s.in.got, err
}

// ask makes sure that the server is there: a connection that is dead on the other side only shows nothing by itself. What was published before the server
// answered lies in front of its answer. Callers may have less patience than a server may take, so it is remembered since when an answer is owed.
func (s *Subscription) ask(ctx context.Context, c *Conn) error {
	asked := time.Now()
	if s.open.IsZero() {
		s.open = asked
	}
	wait, cancel := context.WithDeadline(ctx, s.open.Add(pingInterval))
	defer cancel()
	_, err := c.Do(wait, "PING")
	switch {
	case err == nil, isReply(err):
		s.answered, s.open = asked, time.Time{}
		return nil
	case !time.Now().Before(s.open.Add(pingInterval)):
		s.lose(c, err)
	}
	return err
}

// isFailure reports whether err is of a connection or a context, and not of a handler.
func isFailure(err error) bool {
	var e *Error
	return errors.As(err, &e)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lose gives a connection up, if that was not done.
func (s *Subscription) lose(c *Conn, err error) {
	s.mu.Lock()
	lost := s.c == c
	if lost {
		s.c = nil
	}
	s.mu.Unlock()
	_ = c.Close()
	if !lost {
		return
	}
	s.lost = err
	if time.Since(s.since) >= pingInterval { // it was of some use: the server is not one that takes everybody in and throws everybody out
		s.pause = 0
	}
}

// reconnect makes another connection, however long that takes, and returns the Gap.
func (s *Subscription) reconnect(ctx context.Context) (Message, error) {
	from := s.good
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.closed, cancel)()
	for {
		err := s.rest(ctx)
		if err == nil {
			err = s.connect(ctx)
		}
		switch {
		case s.isClosed():
			return Message{}, ErrClosed
		case err == nil:
			return Message{Gap: &Gap{From: from, To: time.Now(), Err: s.lost}}, nil
		case ended(ctx) != nil, resp.IsCode(err, "WRONGPASS"), resp.IsCode(err, "NOAUTH"), resp.IsCode(err, "NOPERM"):
			return Message{}, err
		}
	}
}

// rest waits before a dial: not at all the first time, then ever longer, by an amount that differs from client to client.
func (s *Subscription) rest(ctx context.Context) error {
	if s.isClosed() {
		return ErrClosed
	}
	pause := s.pause
	s.pause = min(max(2*pause, firstPause), longestPause)
	if pause > 0 {
		pause = pause/2 + rand.N(pause/2)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return &Error{Op: OpDial, Addr: "subscription", Err: fmt.Errorf("%w; the connection was lost: %w", ctx.Err(), s.lost)}
	case <-timer.C:
		return ended(ctx)
	}
}

// connect dials and subscribes to everything that is wanted.
func (s *Subscription) connect(ctx context.Context) error {
	c, err := s.dial(ctx)
	switch {
	case err != nil:
		return err
	case c == nil:
		return &Error{Op: OpDial, Addr: "subscription", Err: errNothing}
	case !c.pubSub:
		_ = c.Close()
		return &Error{Op: OpQueue, Addr: c.addr, Err: errNoPubSub}
	}
	asked := time.Now()
	if err := s.subscribeAll(ctx, c); err != nil {
		_ = c.Close()
		return err
	}
	s.good, s.answered, s.open, s.since = asked, time.Time{}, time.Time{}, time.Now()
	return nil
}

// subscribeAll subscribes, again if something is added meanwhile, and puts c into its place.
func (s *Subscription) subscribeAll(ctx context.Context, c *Conn) error {
	for {
		topics, edits := s.snapshot()
		if err := sendTopics(ctx, c, topics, topic.subscribe); err != nil {
			return err
		}
		if done, err := s.install(c, edits); done {
			return err
		}
	}
}

func (s *Subscription) snapshot() (topics []topic, edits int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.wanted {
		topics = append(topics, t)
	}
	return topics, s.edits
}

// install reports false when what is wanted has changed.
func (s *Subscription) install(c *Conn, edits int) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.isClosed():
		return true, ErrClosed
	case s.edits != edits:
		return false, nil
	}
	s.c = c
	return true, nil
}

// tell sends a command for each topic over the connection there is. What happens to the connection is left to Next.
func (s *Subscription) tell(ctx context.Context, topics []topic, command func(topic) string) error {
	if s.isClosed() {
		return ErrClosed
	}
	c := s.conn()
	if c == nil {
		return nil
	}
	err := sendTopics(ctx, c, topics, command)
	if err != nil && c.Err() != nil && ended(ctx) == nil {
		return nil
	}
	return err
}
