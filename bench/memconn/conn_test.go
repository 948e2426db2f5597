package memconn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/resp"
)

const get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"

var value = []byte("$5\r\nhello\r\n")

func write(t *testing.T, w io.Writer, commands string) {
	t.Helper()
	if n, err := io.WriteString(w, commands); n != len(commands) || err != nil {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(commands), err)
	}
}

func expect(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v, want %q", got, err, want)
	}
}

func TestAnswers(t *testing.T) {
	var q resp.Request
	q.Cmd("HELLO").Int(3).Cmd("CLIENT").Str("SETINFO").Str("LIB-NAME").Str("x")
	commands := string(q.Encoded()) + get + get + "*1\r\n$4\r\nPING\r\n" + get + "*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n"
	replies := string(bench.AppendHello(nil)) + "+OK\r\n" + strings.Repeat(string(value), 2) + "+PONG\r\n" + strings.Repeat(string(value), 2)

	whole := New(value)
	write(t, whole, commands)
	expect(t, whole, replies)
	pieces := New(value)
	for i := range len(commands) {
		write(t, pieces, commands[i:i+1])
	}
	expect(t, iotest.OneByteReader(pieces), replies)
	if got := string(pieces.LastCommand()); got != "*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n" {
		t.Errorf("the last command is %q", got)
	}
}

func TestAnswersInTurn(t *testing.T) {
	c := New(value, []byte(":1\r\n"))
	for range 3 {
		write(t, c, get+get+get[:9])
		write(t, c, get[9:]+"*1\r\n$4\r\nPING\r\n"+get)
		expect(t, c, string(value)+":1\r\n"+string(value)+"+PONG\r\n:1\r\n")
	}
}

// Who asks for RESP3 gets its replies in it, and who does not, in RESP2.
func TestAnswersInBoth(t *testing.T) {
	c := NewInBoth([]byte("*0\r\n"), []byte("%0\r\n"))
	hello := "*2\r\n$5\r\nHELLO\r\n$1\r\n"
	write(t, c, get+hello+"2\r\n"+get+hello+"3\r\n"+get)
	expect(t, c, "*0\r\n"+string(bench.AppendHello(nil))+"*0\r\n"+string(bench.AppendHello(nil))+"%0\r\n")
}

// More replies than a block holds, read in pieces that end anywhere.
func TestManyReplies(t *testing.T) {
	const count = 20_000
	c := New(value)
	write(t, c, strings.Repeat(get, count))
	got := make([]byte, count*len(value))
	for pos := 0; pos < len(got); {
		n, err := c.Read(got[pos:min(len(got), pos+7777)])
		if err != nil {
			t.Fatal(err)
		}
		pos += n
	}
	if !bytes.Equal(got, bytes.Repeat(value, count)) {
		t.Error("the replies are not those")
	}
}

func TestReadWaits(t *testing.T) {
	c := New(value)
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(c, make([]byte, len(value)))
		read <- err
	}()
	write(t, c, get)
	if err := <-read; err != nil {
		t.Error(err)
	}
}

func TestDeadline(t *testing.T) {
	c := New(value)
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	write(t, c, get)
	expect(t, c, string(value))
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	_ = c.SetReadDeadline(time.Unix(1, 0))
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestClose(t *testing.T) {
	c := New(value)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	_ = c.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Write([]byte(get)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestEndless(t *testing.T) {
	e := NewEndless(value)
	write(t, e, "whatever")
	expect(t, iotest.HalfReader(e), strings.Repeat(string(value), 20_000))
}
