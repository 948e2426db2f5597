package clients

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/resp"
)

// A fake answers by a script, and counts connections and requests.
type fake struct {
	mu       sync.Mutex
	asked    map[string]int // how often, by the command and its first argument
	accepted int
}

func newFake(t *testing.T) (*fake, dial.Target) {
	t.Helper()
	l, err := net.Listen("tcp", server.Loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	f := &fake{asked: map[string]int{}}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.accepted++
			f.mu.Unlock()
			go f.serve(nc)
		}
	}()
	return f, dial.Target{Network: "tcp", Addr: l.Addr().String()}
}

func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.accepted
}

func (f *fake) askedFor(id string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[id]
}

func (f *fake) serve(nc net.Conn) {
	protocol := 2
	bench.Answer(nc, func(out []byte, args [][]byte) ([]byte, bool) {
		if bytes.EqualFold(args[0], []byte("HELLO")) {
			protocol = 3
			return bench.AppendHello(out), true
		}
		return f.answer(out, args, protocol), true
	})
}

const (
	sha       = "0123456789abcdef0123456789abcdef01234567"
	largeSize = 100_000
)

var largeText = strings.Repeat("x", largeSize-1) + "."

func (f *fake) answer(out []byte, args [][]byte, protocol int) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	name, texts := strings.ToUpper(string(args[0])), make([]string, 0, 4)
	for _, arg := range args[1:] {
		texts = append(texts, string(arg))
	}
	id := name + " " + strings.Join(texts, " ")
	f.asked[id]++
	even := f.asked[id]%2 == 0
	switch id {
	case "GET text":
		return resp.AppendBulk(out, "some text")
	case "GET large":
		return resp.AppendBulk(out, largeText)
	case "GET null":
		return resp.AppendNull(out, protocol)
	case "GET sometimes": // every second time
		if even {
			return resp.AppendNull(out, protocol)
		}
		return resp.AppendBulk(out, "there")
	case "GET silence":
		return out
	case "GET list":
		return resp.AppendError(out, "WRONGTYPE Operation against a key holding the wrong kind of value")
	case "GETRANGE text 5 -1":
		return resp.AppendBulk(out, "text")
	case "GETRANGE none 0 99":
		return resp.AppendBulk(out, "")
	case "SET key value", "CLIENT", "SELECT 0":
		return resp.AppendSimple(out, "OK")
	case "INCR key":
		return resp.AppendInt(out, 8)
	case "LRANGE key 0 -1", "EVALSHA " + sha + " 0 texts":
		return appendTexts(resp.AppendAggregate(out, resp.Array, 3, protocol), "one", "", "three")
	case "HGETALL key":
		return appendTexts(resp.AppendAggregate(out, resp.Map, 2, protocol), "one", "1", "two", "2")
	case "PTTL key":
		return resp.AppendInt(out, 61234)
	case "PTTL none":
		return resp.AppendInt(out, -2)
	case "PING ":
		return resp.AppendSimple(out, "PONG")
	case "EVALSHA " + sha + " 1 number 60 b":
		return resp.AppendInt(out, 7)
	case "EVALSHA " + sha + " 2 numbers k":
		return appendInts(out, protocol, 3, -1, 0)
	case "EVALSHA " + sha + " 0 nested":
		return appendInts(appendInts(resp.AppendAggregate(out, resp.Array, 2, protocol), protocol, 1, 2), protocol, 3)
	case "EVALSHA " + sha + " 0 text":
		return resp.AppendBulk(out, "of a script")
	case "EVALSHA " + sha + " 0 fails":
		return resp.AppendError(out, "ERR it failed")
	}
	return resp.AppendError(out, "ERR unknown command '"+id+"'")
}

func appendInts(out []byte, protocol int, numbers ...int64) []byte {
	out = resp.AppendAggregate(out, resp.Array, len(numbers), protocol)
	for _, n := range numbers {
		out = resp.AppendInt(out, n)
	}
	return out
}

func appendTexts(out []byte, texts ...string) []byte {
	for _, text := range texts {
		out = resp.AppendBulk(out, text)
	}
	return out
}
