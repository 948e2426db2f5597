package conn_test

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/stretchr/testify/require"
)

const (
	// hang is how long a test waits for what should have ended long before.
	hang = time.Minute
	// patience is Timeout where nothing but the clock can tell that a server is lost. In memory it takes no time.
	patience    = 10 * time.Second
	patienceTCP = 30 * time.Millisecond
	// handshake is how many replies a handshake has: HELLO or AUTH, SELECT and CLIENT SETNAME.
	handshake = 3
)

// A rig is a way of connecting to a server through a proxy with faults.
type rig struct {
	protocol       int
	memory         bool
	server, client *tls.Config // nil: plain
	settle         func() (commands []string)
	meter          *meter // nil: not measuring
}

// everyRig runs f over TCP and in memory, plain and through TLS, with RESP2 and RESP3.
func everyRig(t *testing.T, f func(t *testing.T, r *rig)) {
	ca := redistest.NewCA(t)
	server, client := ca.ServerConfig(ca.Server()), ca.ClientConfig()
	for _, memory := range []bool{false, true} {
		for _, protocol := range []int{2, 3} {
			for _, secure := range []bool{false, true} {
				r := &rig{protocol: protocol, memory: memory}
				name := "tcp"
				if memory {
					name = "memory"
				}
				name += "/RESP" + strconv.Itoa(protocol)
				if secure {
					name += "/TLS"
					r.server, r.client = server, client
				}
				t.Run(name, func(t *testing.T) { f(t, r) })
			}
		}
	}
}

// bubble runs f where time does not pass by itself, if there are no sockets.
func (r *rig) bubble(t *testing.T, f func(t *testing.T)) {
	if r.memory {
		synctest.Test(t, f)
		return
	}
	f(t)
}

// dialer returns a Dialer that connects through the faults of s.
func (r *rig) dialer(t *testing.T, s *strike) conn.Dialer {
	h := redistest.Redis(withPass)
	var p *redistest.Proxy
	if r.memory {
		p = r.inMemory(t, h, s.above)
	} else {
		p = r.overTCP(t, h, s.above)
	}
	p.SetFaults(s.below)
	d := conn.Dialer{Password: withPass.Password, DB: 1, Name: "me", Protocol: r.protocol, TLS: r.client, Timeout: patience, DialContext: p.DialContext}
	if s.silence != loud && !r.memory {
		d.Timeout = patienceTCP
	}
	if r.meter != nil {
		d.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := p.DialContext(ctx, network, addr)
			r.meter.Conn = nc
			return r.meter, err
		}
	}
	return d
}

func (r *rig) overTCP(t *testing.T, h redistest.Handler, above redistest.Faults) *redistest.Proxy {
	s := serveTCP(t, h, r.server != nil, r.server)
	s.SetFaults(above)
	p := redistest.NewProxy(t, s.Addr())
	r.settle = func() []string {
		p.Cut()
		s.Close()
		return s.Commands()
	}
	return p
}

func (r *rig) inMemory(t *testing.T, h redistest.Handler, above redistest.Faults) *redistest.Proxy {
	var log redistest.Log
	p := redistest.NewMemoryProxy(t, func(nc net.Conn) {
		if r.server != nil {
			nc = tls.Server(nc, r.server)
		}
		redistest.Serve(redistest.Faulty(nc, above), log.Record(h))
	})
	r.settle = func() []string {
		p.Cut()
		synctest.Wait()
		return log.Commands()
	}
	return p
}

// A place is where a fault strikes.
type place struct {
	name string
	at   int // bytes, or replies
}

// measure runs without faults, and returns where faults can strike what the client reads and what it writes.
func (r *rig) measure(t *testing.T, callers int) (places [2][]place) {
	r.bubble(t, func(t *testing.T) {
		r.meter = &meter{}
		defer func() { r.meter = nil }()
		c := dial(t, r.dialer(t, &strike{}), "memory:0")
		greeted := r.meter.passed()
		for _, o := range callAll(t.Context(), c, callers, patience) {
			require.NoError(t, o.err)
		}
		all := r.meter.passed()
		part := 2
		if callers > 1 {
			part = 8 // TLS takes fewer bytes for the same when more of it goes into a record, which is chance
		}
		into := 3
		if r.server != nil {
			into = 12 // a signature may be some bytes longer than the one measured, and a record is longer than that
		}
		for i := range places {
			places[i] = []place{
				{"at once", 0},
				{"in the handshake", greeted[i] / 2},
				{"in the first reply", greeted[i] + into},
				{"later", greeted[i] + (all[i]-greeted[i])/part},
			}
		}
	})
	return places
}

// A meter counts bytes.
type meter struct {
	net.Conn
	in, out atomic.Int64
}

func (m *meter) passed() [2]int { return [2]int{int(m.in.Load()), int(m.out.Load())} }

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.in.Add(int64(n))
	return n, err
}

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	m.out.Add(int64(n))
	return n, err
}
