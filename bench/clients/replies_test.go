package clients

import (
	"maps"
	"slices"
	"strconv"
	"testing"
)

// A question is a command and its right reply.
type question struct {
	Command
	text string
	null bool
	ints []int64

	texts []string
	pairs map[string]string
}

func fixed(c Command) Command {
	c.Fixed = true
	return c
}

func nullable(c Command) Command {
	c.Nullable = true
	return c
}

func wanting(w Want, c Command) Command {
	c.Want = w
	return c
}

func questions() []question {
	return []question{
		{Command: Get("text"), text: "some text"},
		{Command: Get("large"), text: largeText},
		{Command: nullable(Get("null")), null: true},
		{Command: nullable(Get("text")), text: "some text"},
		{Command: Set("key", "value"), text: "OK"},
		{Command: Ping(), text: "PONG"},
		{Command: wanting(Owned, Get("text")), text: "some text"},
		{Command: wanting(Owned, nullable(Get("null"))), null: true},
		{Command: Command{Name: "GETRANGE", Args: []string{"text", "5", "-1"}}, text: "text"},
		{Command: Command{Name: "GETRANGE", Args: []string{"none", "0", "99"}}, text: ""},
		{Command: Command{Name: "PTTL", Args: []string{"key"}, Want: Number}, ints: []int64{61234}},
		{Command: Command{Name: "PTTL", Args: []string{"none"}, Want: Number}, ints: []int64{-2}},
		{Command: EvalSHA(Number, sha, []string{"number"}, "60", "b"), ints: []int64{7}},
		{Command: EvalSHA(Numbers, sha, []string{"numbers", "k"}), ints: []int64{3, -1, 0}},
		{Command: EvalSHA(Nested, sha, nil, "nested"), ints: []int64{1, 2, 3}},
		{Command: EvalSHA(Text, sha, nil, "text"), text: "of a script"},
		{Command: fixed(Get("text")), text: "some text"},
		{Command: fixed(Incr("key")), ints: []int64{8}},
		{Command: LRange("key"), texts: []string{"one", "", "three"}},
		{Command: fixed(EvalSHA(Texts, sha, nil, "texts")), texts: []string{"one", "", "three"}},
		{Command: HGetAll("key"), pairs: map[string]string{"one": "1", "two": "2"}},
	}
}

// check says what is wrong with a reply.
func (q *question) check(t *testing.T, r *Reply) {
	t.Helper()
	switch {
	case q.null:
		if !r.Null || r.Mark() != 0 || r.String() != "" || r.Is("") {
			t.Errorf("%s %.60q: %+v is no null", q.Name, q.Args, r)
		}
	case q.ints != nil:
		if r.Null || !slices.Equal(r.Ints, q.ints) || r.Mark() != int(q.ints[0]) {
			t.Errorf("%s %.60q: got %v", q.Name, q.Args, r.Ints)
		}
	case q.texts != nil:
		if list := r.List(); r.Null || !slices.Equal(list, q.texts) {
			t.Errorf("%s %.60q: got %q", q.Name, q.Args, list)
		}
	case q.pairs != nil:
		if r.Null || !maps.Equal(r.Pairs, q.pairs) {
			t.Errorf("%s %.60q: got %q", q.Name, q.Args, r.Pairs)
		}
	default:
		if r.Null || !r.Is(q.text) || r.String() != q.text || r.Mark() != MarkOf(q.text) {
			t.Errorf("%s %.60q: got %.60q, null: %v", q.Name, q.Args, r.String(), r.Null)
		}
		if q.Want == Owned && string(r.Bytes) != q.text {
			t.Errorf("%s %.60q: the bytes are %.60q", q.Name, q.Args, r.Bytes)
		}
	}
}

// Every client says the same of the same replies, one by one and as a pipeline, also again and again.
func TestReplies(t *testing.T) {
	_, target := newFake(t)
	all := questions()
	for _, c := range everyClient() {
		t.Run(c.Name, func(t *testing.T) {
			s := opened(t, c, target, Shape{Callers: 2})
			var commands []Command
			for _, q := range all {
				commands = append(commands, q.Command)
				ask := s.Ask([]Command{q.Command})
				for range 2 {
					replies, err := ask(t.Context())
					if err != nil || len(replies) != 1 {
						t.Fatalf("%s %.60q: %d replies, %v", q.Name, q.Args, len(replies), err)
					}
					q.check(t, &replies[0])
				}
			}
			ask := s.Ask(commands)
			for range 2 {
				replies, err := ask(t.Context())
				if err != nil || len(replies) != len(all) {
					t.Fatalf("the pipeline: %d replies, %v", len(replies), err)
				}
				for i := range all {
					all[i].check(t, &replies[i])
				}
			}
		})
	}
}

// A value that comes and goes leaves nothing behind.
func TestNullInTurns(t *testing.T) {
	for _, c := range everyClient() {
		for _, want := range []Want{Text, Owned} {
			_, target := newFake(t)
			s := opened(t, c, target, Shape{Callers: 1})
			ask := s.Ask([]Command{wanting(want, nullable(Get("sometimes")))})
			for i := range 4 {
				replies, err := ask(t.Context())
				if err != nil {
					t.Fatalf("%s: %v", c.Name, err)
				}
				q := question{Command: Get("sometimes"), text: "there", null: i%2 == 1}
				if q.check(t, &replies[0]); t.Failed() {
					t.Fatalf("by %s, the %dth time, wanted as %d", c.Name, i, want)
				}
			}
		}
	}
}

// Who keeps a list or a map finds in it later what was there, and what is done to it does not come back.
func TestCallersOwn(t *testing.T) {
	_, target := newFake(t)
	for _, c := range everyClient() {
		t.Run(c.Name, func(t *testing.T) {
			ask := opened(t, c, target, Shape{Callers: 1}).Ask([]Command{LRange("key"), HGetAll("key")})
			lists, maps := make([][]string, 3), make([]map[string]string, 3)
			for i := range lists {
				replies, err := ask(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				lists[i], maps[i] = replies[0].List(), replies[1].Pairs
				if lists[i][0] != "one" || len(maps[i]) != 2 {
					t.Errorf("the %dth time: %q, %q", i, lists[i], maps[i])
				}
				lists[i][0], maps[i]["mine"] = strconv.Itoa(i), strconv.Itoa(i)
			}
			for i := range lists {
				if mine := strconv.Itoa(i); lists[i][0] != mine || maps[i]["mine"] != mine {
					t.Errorf("what was kept the %dth time has become %q, %q", i, lists[i], maps[i])
				}
			}
		})
	}
}
