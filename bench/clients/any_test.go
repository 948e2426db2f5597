package clients

import (
	"reflect"
	"testing"

	"github.com/bwredis/bwredis/resp"
)

// common is a reply in types that are the same for all clients.
func common(t *testing.T, v any) any {
	t.Helper()
	var elements []any
	switch v := v.(type) {
	case []byte:
		return string(v)
	case []any:
		elements = v
	case resp.Value:
		if v.Kind() != resp.Array {
			return single(t, v)
		}
		for e := range v.All() {
			elements = append(elements, e)
		}
	default:
		return v
	}
	all := make([]any, len(elements))
	for i, e := range elements {
		all[i] = common(t, e)
	}
	return all
}

func single(t *testing.T, v resp.Value) any {
	t.Helper()
	if n, err := v.Int(); err == nil && v.Kind() == resp.Integer {
		return n
	}
	text, err := v.Text()
	if err != nil {
		t.Error(err)
	}
	return text
}

func checkAny(t *testing.T, r *Reply, want any) {
	t.Helper()
	if got := common(t, r.Any); !reflect.DeepEqual(got, want) || r.Null != (want == nil) {
		t.Errorf("got %#v, null: %v; want %#v", got, r.Null, want)
	}
}

// What nobody knew beforehand is the same for every client, one by one and as a pipeline, also again and again.
func TestAny(t *testing.T) {
	_, target := newFake(t)
	cases := []struct {
		command Command
		want    any
	}{
		{Get("text"), "some text"},
		{Ping(), "PONG"},
		{Get("null"), nil},
		{nullable(Get("null")), nil},
		{Command{Name: "PTTL", Args: []string{"key"}}, int64(61234)},
		{EvalSHA(Any, sha, []string{"numbers", "k"}), []any{int64(3), int64(-1), int64(0)}},
		{EvalSHA(Any, sha, nil, "nested"), []any{[]any{int64(1), int64(2)}, []any{int64(3)}}},
		{Get("large"), largeText},
	}
	for _, c := range everyClient() {
		t.Run(c.Name, func(t *testing.T) {
			s := opened(t, c, target, Shape{Callers: 1})
			var commands []Command
			for _, q := range cases {
				commands = append(commands, wanting(Any, q.command))
				ask := s.Ask(commands[len(commands)-1:])
				for range 2 {
					replies, err := ask(t.Context())
					if err != nil {
						t.Fatalf("%s %.60q: %v", q.command.Name, q.command.Args, err)
					}
					checkAny(t, &replies[0], q.want)
				}
			}
			ask := s.Ask(commands)
			for range 2 {
				replies, err := ask(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for i, q := range cases {
					checkAny(t, &replies[i], q.want)
				}
			}
		})
	}
}

// A value that comes and goes leaves nothing behind.
func TestAnyInTurns(t *testing.T) {
	for _, c := range everyClient() {
		t.Run(c.Name, func(t *testing.T) {
			_, target := newFake(t)
			ask := opened(t, c, target, Shape{Callers: 1}).Ask([]Command{wanting(Any, Get("sometimes"))})
			for _, want := range []any{"there", nil, "there", nil} {
				replies, err := ask(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				checkAny(t, &replies[0], want)
			}
		})
	}
}
