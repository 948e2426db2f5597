package latency

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// pace is a source that gives one byte at each of the given times after the start.
type pace struct {
	start time.Time
	at    []time.Duration
}

func (p *pace) Read(b []byte) (int, error) {
	if len(p.at) == 0 {
		return 0, io.EOF
	}
	time.Sleep(time.Until(p.start.Add(p.at[0])))
	p.at = p.at[1:]
	b[0] = 'x'
	return 1, nil
}

// arrivals notes when bytes come.
type arrivals struct {
	start time.Time
	at    []time.Duration
}

func (a *arrivals) Write(b []byte) (int, error) {
	for range b {
		a.at = append(a.at, time.Since(a.start))
	}
	return len(b), nil
}

func carry(opens time.Duration, at ...time.Duration) (got []time.Duration, end time.Duration) {
	start := time.Now()
	l := newLine(10*time.Millisecond, start.Add(opens))
	go l.take(&pace{start, at})
	a := &arrivals{start: start}
	_ = l.give(a)
	return a.at, time.Since(start)
}

// Every byte takes the same time, however many are on the way; so the line limits no throughput.
func TestLineDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		var sent []time.Duration
		for i := range 1000 {
			sent = append(sent, time.Duration(i/100)*ms)
		}
		got, end := carry(0, sent...)
		if len(got) != len(sent) {
			t.Fatalf("%d bytes came, of %d", len(got), len(sent))
		}
		for i := range got {
			if got[i] != sent[i]+10*ms {
				t.Fatalf("byte %d left at %v and came at %v", i, sent[i], got[i])
			}
		}
		if end != 19*ms {
			t.Errorf("the end came at %v", end)
		}
	})
}

// What is sent before the connection is there waits for that.
func TestLineOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ms = time.Millisecond
		got, _ := carry(20*ms, 0, 5*ms, 30*ms)
		want := []time.Duration{30 * ms, 30 * ms, 40 * ms}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("byte %d came at %v, want %v", i, got[i], want[i])
			}
		}
	})
}

// A real connection: all bytes come, in order, both ways, and the end does; a round trip takes the added latency at least, and Close leaves nothing.
func TestProxy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(nc, nc)
				_ = nc.Close()
			}()
		}
	}()
	const added = 4 * time.Millisecond
	p, err := Listen("tcp", l.Addr().String(), added)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		start := time.Now()
		_, _ = nc.Write([]byte("x"))
		if _, err := io.ReadFull(nc, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < added {
			t.Errorf("a round trip took %v", took)
		}
	}
	sent := bytes.Repeat([]byte("0123456789"), 100_000)
	go func() {
		_, _ = nc.Write(sent)
		_ = nc.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(nc)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back of %d: %v", len(got), len(sent), err)
	}
	other, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	_, _ = io.ReadAll(other) // hangs if it outlives the proxy
}

// Where nobody listens, the client learns it.
func TestProxyWithoutServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	p, err := Listen("tcp", addr, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	nc, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(nc); len(got) > 0 {
		t.Errorf("%q came", got)
	}
}
