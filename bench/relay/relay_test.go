package relay

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/server"
)

// echo is a server that sends back what it is sent.
func echo(t *testing.T) (addr string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", server.Loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(nc, nc); _ = nc.Close() }()
		}
	}()
	return l.Addr().String(), func() { _ = l.Close() }
}

func listen(t *testing.T, target string, edit Edit) *Relay {
	t.Helper()
	r, err := Listen(target, edit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func dial(t *testing.T, r *Relay) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	return nc
}

func send(t *testing.T, nc net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(nc, text); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, nc net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

// silent reports that nothing comes for a moment, after which nc may be used again.
func silent(t *testing.T, nc net.Conn) {
	t.Helper()
	_ = nc.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	defer nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := nc.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Fatalf("%d bytes came, %v", n, err)
	}
}

// What a partition held back comes when it heals, on old connections and on those that were made meanwhile.
func TestStallAndHeal(t *testing.T) {
	addr, _ := echo(t)
	r := listen(t, addr, nil)
	old := dial(t, r)
	send(t, old, "a")
	expect(t, old, "a")
	r.Stall()
	send(t, old, "b")
	fresh := dial(t, r)
	send(t, fresh, "c")
	silent(t, old)
	silent(t, fresh)
	r.Heal()
	expect(t, old, "b")
	expect(t, fresh, "c")
}

func TestServerThatIsNotThere(t *testing.T) {
	addr, stop := echo(t)
	stop()
	r := listen(t, addr, nil)
	for n := range 3 {
		if nc, err := net.Dial("tcp", r.Addr()); err == nil { // the reset may come while it dials
			if _, err := nc.Read(make([]byte, 1)); err == nil {
				t.Fatal("something came")
			}
			_ = nc.Close()
		}
		if r.Failed() != n+1 {
			t.Errorf("%d failed, want %d", r.Failed(), n+1)
		}
	}
}

// Close ends what is stalled, too.
func TestCloseWhileStalled(t *testing.T) {
	addr, _ := echo(t)
	r := listen(t, addr, nil)
	nc := dial(t, r)
	send(t, nc, "a")
	expect(t, nc, "a")
	r.Stall()
	send(t, nc, "b")
	r.Close()
	if _, err := nc.Read(make([]byte, 1)); err == nil {
		t.Fatal("something came")
	}
}

// An Edit sees whole frames, however they arrive, and what it returns is what passes.
func TestEdit(t *testing.T) {
	addr, _ := echo(t)
	r := listen(t, addr, func(frame []byte) []byte {
		if bytes.HasPrefix(frame, []byte("+drop")) {
			return nil
		}
		return bytes.ToUpper(frame)
	})
	nc := dial(t, r)
	for _, piece := range []string{"+one\r", "\n+drop", " this\r\n*2\r\n$1\r\na", "\r\n:1\r\n+", "end\r\n"} {
		send(t, nc, piece)
	}
	expect(t, nc, "+ONE\r\n*2\r\n$1\r\nA\r\n:1\r\n+END\r\n")
}
