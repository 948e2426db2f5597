package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/busy"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bench/versus"
)

func TestMain(m *testing.M) {
	busy.Main() // in a computing process of this program
	os.Exit(m.Run())
}

// noServers finds none.
func noServers() chooser {
	return chooser{
		getenv: func(string) string { return "" },
		start:  func(context.Context, string) (*server.Server, error) { return nil, server.ErrNoServer },
		docker: func(context.Context, ...string) (string, error) { return "", errors.New("no daemon") },
	}
}

// fakeSite is the responder, by all ways that a server has.
func fakeSite(t *testing.T) *site {
	t.Helper()
	s, err := noServers().open(t.Context(), responderName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	dir := t.TempDir()
	cert, err := server.NewCertificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	replies := s.answers()
	answer := func(_ int, out []byte, args [][]byte) []byte { return appendAnswer(out, args, replies) }
	socket := fakeServer(t, "unix", filepath.Join(dir, "socket"), answer)
	s.unix = &dial.Target{Network: "unix", Addr: socket.Addr().String()}
	secured := fakeServer(t, "tcp", server.Loopback+":0", answer, &tls.Config{Certificates: []tls.Certificate{cert.Pair}})
	s.tls = &dial.Target{Network: "tcp", Addr: secured.Addr().String(), TLS: cert.Client}
	return s
}

// fakeServer answers until the test ends. answer is told which connection it is.
func fakeServer(t *testing.T, network, addr string, answer func(connection int, out []byte, args [][]byte) []byte, secured ...*tls.Config) net.Listener {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for connection := 0; ; connection++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			for _, config := range secured {
				nc = tls.Server(nc, config)
			}
			go bench.Answer(nc, func(out []byte, args [][]byte) ([]byte, bool) { return answer(connection, out, args), true })
		}
	}()
	return l
}

// recorded is a server that notes what it is asked.
type recorded struct {
	mu    sync.Mutex
	asked map[string][]string // the first arguments of each command
}

func (r *recorded) answer(replies map[string][]byte) func(int, []byte, [][]byte) []byte {
	return func(_ int, out []byte, args [][]byte) []byte {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(args) > 1 {
			name := string(capitals(args[0]))
			r.asked[name] = append(r.asked[name], string(args[1]))
		}
		return appendAnswer(out, args, replies)
	}
}

// made is a workload of contenders that do so many operations in no time, and whose callers wait that long.
func made(t *testing.T, name string, at point, who ...versus.Contender) measured {
	t.Helper()
	w := versus.Workload{Name: name, Title: name, Unit: "commands", AsRate: true, Reference: "raw", Contenders: who, Gauges: []versus.Gauge{{
		Name: "p99", Format: versus.FormatNanoseconds, Stop: func(n int) (float64, error) { return 1e9 / float64(n), nil },
	}}}
	e := experiment{Workload: w, point: at}
	result, err := e.measure(versus.Settings{Rounds: 2, Sample: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return measured{e, result}
}

func pretend(name string, kind versus.Kind, operations int) versus.Contender {
	return versus.Contender{Name: name, Kind: kind, SetupTimed: func() (versus.RunFor, func(), error) {
		return func(d time.Duration) (int, error) {
			time.Sleep(d)
			return operations, nil
		}, nil, nil
	}}
}
