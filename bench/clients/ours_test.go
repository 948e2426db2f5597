package clients

import (
	"context"
	"testing"

	"github.com/bwredis/bwredis/resp"
)

// marks keeps how the last request was marked.
type marks struct{ readOnly, blocking bool }

func (m *marks) RoundTrip(_ context.Context, q *resp.Request, _ resp.Handler) error {
	m.readOnly, m.blocking = q.ReadOnly(), q.Blocking()
	return nil
}

// What only reads is marked so each time that it is asked, and what the server may hold back, which gets a connection to itself.
func TestOursMarks(t *testing.T) {
	wait := Command{Name: "WAIT", Args: []string{"1", "100"}, Want: Number}
	for _, test := range []struct {
		commands []Command
		want     marks
	}{
		{[]Command{Get("k"), Get("k")}, marks{readOnly: true}},
		{[]Command{Get("k"), Set("k", "v")}, marks{}},
		{[]Command{Set("k", "v"), wait}, marks{blocking: true}},
	} {
		var got marks
		caller := newOursCaller(&got, test.commands)
		for range 2 {
			if _, err := caller.ask(t.Context()); err != nil || got != test.want {
				t.Errorf("%+v: got %+v, %v", test.commands, got, err)
			}
		}
	}
}
