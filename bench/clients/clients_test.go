package clients

import (
	"context"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/bench/dial"
)

// everyClient is each way that the programs use.
func everyClient() []Client {
	return append(All(), OursOn(2), OursKept(1), Client{Name: "radix/conn", Open: smallest(openRadixConn)}, Client{Name: "redigo/conn", NoInto: true, Open: smallest(openRedigoConn)})
}

func smallest(open func(context.Context, dial.Target) (Session, error)) func(context.Context, dial.Target, Shape) (Session, error) {
	return func(ctx context.Context, t dial.Target, _ Shape) (Session, error) { return open(ctx, t) }
}

func opened(t *testing.T, c Client, target dial.Target, s Shape) Session {
	t.Helper()
	session, err := c.Open(t.Context(), target, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return session
}

// Who can read into memory of the caller's, uses the same again; the others say that they cannot.
func TestInto(t *testing.T) {
	_, target := newFake(t)
	for _, c := range everyClient() {
		t.Run(c.Name, func(t *testing.T) {
			s := opened(t, c, target, Shape{Callers: 1})
			command := Command{Name: "GET", Args: []string{"large"}, Want: Into, Room: largeSize}
			ask := s.Ask([]Command{command})
			if ask == nil {
				if !c.NoInto {
					t.Error("it cannot")
				}
				return
			}
			if c.NoInto {
				t.Error("it can")
			}
			var first *byte
			for range 3 {
				replies, err := ask(t.Context())
				if err != nil || string(replies[0].Bytes) != largeText || replies[0].Mark() != MarkOf(largeText) {
					t.Fatalf("got %d bytes, %v", len(replies[0].Bytes), err)
				}
				if at := &replies[0].Bytes[0]; first == nil {
					first = at
				} else if at != first {
					t.Error("the memory is another")
				}
			}
			command.Args = []string{"null"}
			if replies, err := s.Ask([]Command{nullable(command)})(t.Context()); err != nil || !replies[0].Null {
				t.Errorf("a null is %+v, %v", replies, err)
			}
		})
	}
}

// An error reply is an error, wherever in a pipeline, and the client works afterwards.
func TestErrorReplies(t *testing.T) {
	_, target := newFake(t)
	good := Get("text")
	failing := []Command{Get("list"), wanting(Owned, Get("list")), wanting(Any, Get("list")), {Name: "PTTL", Args: []string{"list"}, Want: Number}}
	for _, want := range []Want{Text, Number, Numbers, Nested} {
		failing = append(failing, EvalSHA(want, sha, nil, "fails"))
	}
	for _, c := range everyClient() {
		t.Run(c.Name, func(t *testing.T) {
			s := opened(t, c, target, Shape{Callers: 1})
			fine := s.Ask([]Command{good})
			for _, bad := range failing {
				for _, commands := range [][]Command{{bad}, {good, bad, good}, {good, nullable(Get("null")), bad}} {
					if _, err := s.Ask(commands)(t.Context()); err == nil {
						t.Errorf("%s %q: there is no error within %d commands", bad.Name, bad.Args, len(commands))
					}
					if replies, err := fine(t.Context()); err != nil || !replies[0].Is("some text") {
						t.Fatalf("afterwards: %+v, %v", replies, err)
					}
				}
			}
			into := s.Ask([]Command{{Name: "GET", Args: []string{"list"}, Want: Into, Room: 10}})
			if into != nil {
				if _, err := into(t.Context()); err == nil {
					t.Error("there is no error when it reads into memory of the caller's")
				}
			}
		})
	}
}

// No client has more connections than it may, and the smallest has one.
func TestConnections(t *testing.T) {
	for _, c := range append(All(), OursOn(2), OursKept(1)) {
		f, target := newFake(t)
		s := opened(t, c, target, Shape{Callers: 8, Limit: 3})
		askAll(t, s, 8, !c.Single)
		if got := f.connections(); got > 3 {
			t.Errorf("%s: %d connections", c.Name, got)
		}
		f, target = newFake(t) // another, for some pools still connect to the first
		smallest, err := c.OpenSmallest(t.Context(), target)
		if err != nil {
			t.Fatal(err)
		}
		askAll(t, smallest, 1, !c.Single)
		if got := f.connections(); c.IsPlain() && got != 1 {
			t.Errorf("%s: %d connections for one caller", c.Name, got)
		}
		smallest.Close()
	}
}

// askAll has callers send a command each at the same time, and perhaps a pipeline.
func askAll(t *testing.T, s Session, callers int, pipeline bool) {
	t.Helper()
	errs := make(chan error)
	for range callers {
		single, several := s.Ask([]Command{Get("text")}), s.Ask([]Command{Get("text"), Get("text")})
		go func() {
			_, err := single(t.Context())
			if err == nil && pipeline {
				_, err = several(t.Context())
			}
			errs <- err
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// Names are unique, the plain client of a library comes before its others, and what cannot be reached is an error.
func TestPeers(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		library, _, _ := strings.Cut(c.Name, "/")
		if seen[c.Name] || !c.IsPlain() && !seen[library] {
			t.Errorf("%s is twice, or before %s", c.Name, library)
		}
		seen[c.Name] = true
	}
	nowhere := dial.Target{Network: "tcp", Addr: "127.0.0.1:1"}
	for _, c := range everyClient() {
		s, err := c.Open(t.Context(), nowhere, Shape{Callers: 1})
		if err == nil {
			_, err = s.Ask([]Command{Ping()})(t.Context())
			s.Close()
		}
		if err == nil {
			t.Errorf("%s reaches what is not there", c.Name)
		}
	}
}

func TestMark(t *testing.T) {
	if MarkOf("") != 0 || MarkOf("ab") == MarkOf("ac") || MarkOf("ab") == MarkOf("aab") || MarkOf("ab") != MarkOf([]byte("ab")) {
		t.Error("marks do not tell values apart")
	}
}
