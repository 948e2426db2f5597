package clients

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/sentinels"
	"github.com/bwredis/bwredis/bench/server"
)

// Who follows sentinels, finds the master by them, writes there, and goes with them to the next one.
func TestFollow(t *testing.T) {
	binary, err := server.Find("")
	if err != nil {
		t.Skip(err)
	}
	set, err := sentinels.Start(t.Context(), binary, sentinels.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Stop)
	ways := Sentinels{Master: sentinels.Master}
	for _, n := range set.Sentinels {
		ways.Addrs = append(ways.Addrs, n.Addr)
	}
	following := map[string]Session{}
	for _, c := range All() {
		if c.Follow == nil {
			continue
		}
		following[c.Name] = followed(t, c, ways)
	}
	await(t, "there is no failover", func(ctx context.Context) error { return promote(ctx, set) })
	for name, s := range following {
		await(t, name+" does not follow", func(ctx context.Context) error { return writes(ctx, s, name, set.Data[1]) })
	}
}

func await(t *testing.T, failure string, condition func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if err := sentinels.Await(ctx, condition); err != nil {
		t.Errorf("%s: %v", failure, err)
	}
}

var errElsewhere = errors.New("it is another server")

// promote has the sentinels make the replica the master, which they may refuse at first.
func promote(ctx context.Context, set *sentinels.Set) error {
	role, err := set.Data[1].Role(ctx)
	if err != nil || role == "master" {
		return err
	}
	_, err = set.Sentinels[0].Do(ctx, "SENTINEL", "FAILOVER", sentinels.Master)
	return errors.Join(errElsewhere, err)
}

// followed opens a client, twice where it can be told to refresh.
func followed(t *testing.T, c Client, ways Sentinels) Session {
	t.Helper()
	open := func() Session {
		s, err := c.Follow(t.Context(), ways)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		t.Cleanup(s.Close)
		replies, err := s.Ask([]Command{{Name: "INCR", Args: []string{c.Name}, Want: Number}})(t.Context())
		if err != nil || replies[0].Ints[0] < 1 {
			t.Errorf("%s: %+v, %v", c.Name, replies, err)
		}
		return s
	}
	s := open()
	if ways.Refresh = c.Refresh; c.Refresh > 0 {
		open()
	}
	return s
}

// writes checks that what a client sets is on that server.
func writes(ctx context.Context, s Session, name string, n *sentinels.Node) error {
	value := time.Now().String()
	if _, err := s.Ask([]Command{Set("at:"+name, value)})(ctx); err != nil {
		return err
	}
	v, err := n.Do(ctx, "GET", "at:"+name)
	if err != nil {
		return err
	}
	if got, err := v.Text(); err != nil || got != value {
		return errors.Join(errElsewhere, err)
	}
	return nil
}

// An error reply says that nothing was executed, and so may a connection that was not made; a context that has ended and a connection that was lost do not.
func TestNotExecuted(t *testing.T) {
	_, target := newFake(t)
	bad := Get("list")
	notDialled := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, c := range All() {
		if c.Follow == nil {
			continue
		}
		s := opened(t, c, target, Shape{Callers: 1})
		_, err := s.Ask([]Command{bad})(t.Context())
		if err == nil || !NotExecuted(s, err) {
			t.Errorf("%s: an error reply was executed: %v", c.Name, err)
		}
		for _, err := range []error{context.DeadlineExceeded, io.EOF, &net.OpError{Op: "read", Err: io.EOF}} {
			if NotExecuted(s, err) {
				t.Errorf("%s: nobody knows: %v", c.Name, err)
			}
		}
		if again := c.Name == "go-redis"; c.Name != OursName && NotExecuted(s, notDialled) == again {
			t.Errorf("%s: not dialled: %v", c.Name, !again)
		}
	}
}

// Of the errors of a session that is no judge nobody knows.
func TestNoJudge(t *testing.T) {
	if NotExecuted(struct{ Session }{}, io.EOF) {
		t.Error("it is taken to know")
	}
}
