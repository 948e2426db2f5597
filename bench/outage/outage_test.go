package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/resp"
)

// A fake is a server in this process that can be killed and come back.
type fake struct {
	addr   string
	frozen sync.RWMutex // held for writing while nothing is answered

	mu     sync.Mutex
	listen net.Listener
	conns  []net.Conn
	values map[string]string
	kills  int
	stops  int
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{addr: server.Loopback + ":0"}
	if err := f.Revive(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Kill)
	return f
}

func (f *fake) target() dial.Target { return dial.Target{Network: "tcp", Addr: f.addr} }

func (f *fake) Revive() error {
	l, err := net.Listen("tcp", f.addr)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.addr, f.listen, f.values = l.Addr().String(), l, map[string]string{}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, nc)
			f.mu.Unlock()
			go bench.Answer(nc, f.answer)
		}
	}()
	return nil
}

func (f *fake) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.listen.Close()
	for _, nc := range f.conns {
		_ = nc.Close()
	}
	f.conns, f.kills = nil, f.kills+1
}

func (f *fake) Freeze() error { f.frozen.Lock(); f.stops++; return nil }

func (f *fake) Thaw() error { f.frozen.Unlock(); return nil }

func (f *fake) answer(out []byte, args [][]byte) ([]byte, bool) {
	f.frozen.RLock()
	defer f.frozen.RUnlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch string(bytes.ToUpper(args[0])) {
	case "HELLO":
		return bench.AppendHello(out), true
	case "GET":
		if value, ok := f.values[string(args[1])]; ok {
			return resp.AppendBulk(out, value), true
		}
		return resp.AppendNull(out, 3), true
	case "SET":
		f.values[string(args[1])] = string(args[2])
		return resp.AppendSimple(out, "OK"), true
	case "PING":
		return resp.AppendSimple(out, "PONG"), true
	case "CLIENT":
		return resp.AppendSimple(out, "OK"), true
	}
	return resp.AppendError(out, "ERR unknown command"), true
}

// Everything once, with two clients, in no time.
func TestSections(t *testing.T) {
	f := newFake(t)
	dir := t.TempDir()
	o := options{rounds: 2, clients: "^(ours|rueidis)$", svg: dir, doc: true, pace: pace{
		warm: 10 * ms, down: 30 * ms, healed: 150 * ms, patient: 5 * time.Second, frozen: 30 * ms, after: 30 * ms, storm: 50 * ms,
		restartBound: time.Second, stallBound: 20 * ms,
	}}
	var out, progress strings.Builder
	if err := compare(context.Background(), f, "fake 1", o, &out, &progress); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Outages compared", "fake 1", "(`restart`)", "(`stall`)", "(`storm`)", "| **ours** |", "| rueidis |", "\nours    ", "#### goals"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for _, never := range []string{"%!", "never", "could not be measured", "NaN"} {
		if strings.Contains(out.String(), never) {
			t.Errorf("there is %q in\n%s", never, out.String())
		}
	}
	if value := f.values[keyOf(63)]; value != valueOf(63) {
		t.Errorf("the last section's callers asked for %q", value)
	}
	if f.kills != 4 || f.stops != 4 { // two rounds of two clients
		t.Errorf("%d kills, %d stops", f.kills, f.stops)
	}
	if svg, err := os.ReadFile(filepath.Join(dir, "restart.svg")); err != nil || !bytes.Contains(svg, []byte("rueidis")) {
		t.Errorf("the plot: %v", err)
	}
	if !strings.Contains(progress.String(), "storm 2/2 rueidis: ") {
		t.Errorf("progress:\n%s", progress.String())
	}
}

func TestWrongFlags(t *testing.T) {
	f := newFake(t)
	for _, o := range []options{{only: "^no such$"}, {only: "("}, {clients: "^no such$"}, {clients: "("}} {
		var out strings.Builder
		if err := compare(context.Background(), f, "", o, &out, &out); err == nil || out.Len() > 0 {
			t.Errorf("%+v is accepted: %q", o, out.String())
		}
	}
}
