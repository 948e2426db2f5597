package main

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/internal/frames"
)

// -run and the rows that a document quotes go by the name.
func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range corpus() {
		if f.Name == "" || seen[f.Name] {
			t.Errorf("%q names two frames, or none", f.Name)
		}
		seen[f.Name] = true
	}
}

const firstWords = `{"outcome":"started","rss":1000}` + "\n"

func TestInterpret(t *testing.T) {
	t.Parallel()
	told := result{Outcome: accepted, Detail: `"foo"`, Sys: 1, Allocated: 2, RSS: 3, Received: 4}
	line, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		stdout, stderr string
		killed         bool
		want           result
	}{
		"it lived":            {stdout: firstWords + string(line) + "\n", want: told},
		"noise on its output": {stdout: firstWords + "redis: noise\n" + string(line) + "\n{}\n", want: told},
		"killed":              {stdout: firstWords, killed: true, want: result{Outcome: hung, RSS: 9000}},
		"killed when done":    {stdout: firstWords + string(line), killed: true, want: told},
		"panic":               {stdout: firstWords, stderr: "noise\npanic: no [recovered]\n\ngoroutine 1\n", want: result{Outcome: crashed, Detail: "no [recovered]", RSS: 9000}},
		"stack": {
			stdout: firstWords, stderr: "runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow\n",
			want: result{Outcome: crashed, Detail: "stack overflow", RSS: 9000},
		},
		"memory": {
			stdout: firstWords, stderr: "runtime: out of memory: cannot allocate 34359738368-byte block (3899392 in use)\nfatal error: out of memory\n",
			want: result{Outcome: crashed, Detail: "out of memory, 32.0 GiB wanted", RSS: 9000},
		},
		"never began": {stderr: "hostile: no such case\n", want: result{Outcome: broken, Detail: "hostile: no such case"}},
	} {
		if got := interpret([]byte(c.stdout), []byte(c.stderr), c.killed, 10_000); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestCells(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]result{
		"error":                                {Outcome: failed, Detail: "no", Sys: 1 << 20},
		"error, 2.0 GiB":                       {Outcome: failed, Sys: 2 << 30},
		"accepts `nil`":                        {Outcome: accepted, Detail: "nil"},
		"**panic**":                            {Outcome: panicked, Detail: "no"},
		"**crash**: stack overflow, 512 MiB":   {Outcome: crashed, Detail: "stack overflow", RSS: 512 << 20},
		"**hangs**":                            {Outcome: hung},
		"accepts `\"a\\|b\"`":                  {Outcome: accepted, Detail: `"a|b"`},
		"**broken**":                           {Outcome: broken},
		"error, 16 MiB":                        {Outcome: failed, Sys: 1, RSS: 16 << 20},
		"**crash**: out of memory, 3 B wanted": {Outcome: crashed, Detail: "out of memory, 3 B wanted"},
	} {
		if got := r.cell(false); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]frames.Frame{
		"`$-2\\r\\n`":                          {Bytes: "$-2\r\n"},
		"`+`, 7 × `\\|0`, `\\x15`":             {Bytes: "+", Unit: "|0", Times: 7, Tail: "\x15"},
		"`" + strings.Repeat("x", 40) + "...`": {Bytes: strings.Repeat("x", 41)},
	} {
		if got := shown(f); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// Whatever a server sends, our client returns an error or a value, in this process as well.
func TestOursSurvives(t *testing.T) {
	t.Parallel()
	for _, f := range corpus() {
		if f.Times > 0 {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			r := attempt(contenders[0], f, 50*time.Millisecond)
			if r.Outcome != failed && r.Outcome != accepted {
				t.Fatalf("%s: %s", r.Outcome, r.Detail)
			}
			if r.Received == 0 {
				t.Fatalf("received nothing, said %s", r.Detail)
			}
		})
	}
}

// Whoever is a peer is a column without more ado, and a child finds it by its name.
func TestColumns(t *testing.T) {
	t.Parallel()
	column := 1 // behind ours
	for _, c := range clients.Peers() {
		if !c.IsPlain() {
			continue
		}
		if column == len(contenders) || contenders[column].Name != c.Name {
			t.Fatalf("column %d is not %s", column, c.Name)
		}
		column++
	}
	for _, c := range contenders {
		if got, f, err := parseCase(c.Name + "/2"); err != nil || got.Name != c.Name || f.Name != corpus()[2].Name {
			t.Errorf("%s is %s with %q, %v", c.Name, got.Name, f.Name, err)
		}
	}
	for _, name := range []string{"nobody/2", ours + "/-1", ours + "/100000", ours} {
		if _, _, err := parseCase(name); err == nil {
			t.Errorf("%s is a case", name)
		}
	}
}

// Every client gets through its handshake, and what the server sends after that.
func TestClientsRead(t *testing.T) {
	t.Parallel()
	for _, c := range contenders {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := attempt(c, frames.Frame{Bytes: "*2\r\n", Unit: "$3\r\nfoo\r\n", Times: 1, Tail: "$-1\r\n"}, time.Second)
			if r.Outcome != accepted || r.Detail != `["foo", nil]` || r.Received != 18 {
				t.Fatalf("got %+v", r)
			}
		})
	}
}

// A frame arrives byte for byte, though it is sent in chunks.
func TestServerSendsAll(t *testing.T) {
	t.Parallel()
	f := frames.Frame{Bytes: "<", Unit: "abc", Times: 100_000, Tail: ">"}
	s, err := serve(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.listener.Close()
	got := converse(t, s.addr(), "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
	if want := "+PONG\r\n<" + strings.Repeat(f.Unit, f.Times) + ">"; got != want {
		t.Fatalf("got %d bytes, want %d", len(got), len(want))
	}
}

// converse sends text and returns all that comes until the server closes.
func converse(t *testing.T, addr, text string) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(nc)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}
