package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/frames"
	"github.com/bwredis/bwredis/resp"
)

const (
	childEnv = "BWREDIS_HOSTILE_CHILD" // client/index of the frame

	addressSpace = 12 << 30

	// A reader in the background may be dying of a frame whose caller has got an error already.
	aftermath = 50 * time.Millisecond
)

// childMain puts one case to one client, and says on standard output what came of it, if it lives to.
func childMain(name string) int {
	c, f, err := parseCase(name)
	if err == nil {
		err = limitMemory(addressSpace)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		return 2
	}
	out := json.NewEncoder(os.Stdout)
	_ = out.Encode(result{Outcome: started, RSS: peakRSS()})
	r := attempt(c, f, stall)
	time.Sleep(aftermath)
	_ = out.Encode(r)
	return 0
}

func parseCase(name string) (clients.Client, frames.Frame, error) {
	who, index, _ := strings.Cut(name, "/")
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(corpus()) {
		return clients.Client{}, frames.Frame{}, fmt.Errorf("no such case: %q", name)
	}
	for _, c := range contenders {
		if c.Name == who {
			return c, corpus()[i], nil
		}
	}
	return clients.Client{}, frames.Frame{}, fmt.Errorf("no such client: %q", name)
}

// attempt lets a client read a frame in this process.
func attempt(c clients.Client, f frames.Frame, stall time.Duration) result {
	s, err := serve(f, stall)
	if err != nil {
		return result{Outcome: broken, Detail: err.Error()}
	}
	defer s.listener.Close()
	var received atomic.Int64
	get, err := connect(c, s.addr(), counting(&received))
	if err != nil {
		return result{Outcome: broken, Detail: err.Error()}
	}
	received.Store(0)
	before := measureBefore()
	v, r := guard(get)
	r.add(before, measure())
	r.Received = received.Load()
	if r.Outcome == accepted {
		r.Detail = describe(v, 0)
	}
	return r
}

// guard turns what get does into a result.
func guard(get getter) (v any, r result) {
	defer func() {
		if p := recover(); p != nil {
			v, r = nil, result{Outcome: panicked, Detail: fmt.Sprint(p)}
		}
	}()
	v, err := get()
	if err != nil {
		return nil, result{Outcome: failed, Detail: shorten(explain(err), maxDetail)}
	}
	return v, result{Outcome: accepted}
}

// explain leaves out of an error of ours what differs from run to run.
func explain(err error) string {
	var syntax *resp.SyntaxError
	var broken *conn.Error
	switch {
	case errors.As(err, &syntax):
		return syntax.Msg + " at byte " + strconv.Itoa(syntax.Offset)
	case errors.As(err, &broken):
		return broken.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}

// counting dials connections that add to n what is read from them.
func counting(n *atomic.Int64) dial.Func {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &countedConn{TCPConn: nc.(*net.TCPConn), n: n}, nil
	}
}

// A countedConn has every method of a TCP connection: go-redis looks at the descriptor of an idle one.
type countedConn struct {
	*net.TCPConn
	n *atomic.Int64
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// A usage is what the process has had of memory.
type usage struct {
	sys       int64 // address space that the runtime took, at its peak: it keeps what it has
	allocated int64 // bytes of all objects there ever were
	rss       int64 // the most that was resident
}

// measureBefore leaves little free memory about that a client could take without being seen.
func measureBefore() usage {
	debug.FreeOSMemory()
	resetPeakRSS()
	return measure()
}

func measure() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{sys: int64(m.Sys), allocated: int64(m.TotalAlloc), rss: peakRSS()}
}
