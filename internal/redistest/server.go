package redistest

import (
	"crypto/tls"
	"net"
	"sync"
	"testing"
	"time"
)

// joinTimeout bounds how long a server or a proxy may take to end its goroutines.
const joinTimeout = 10 * time.Second

// A Server serves a [Handler] on a TCP port of 127.0.0.1. Its methods are safe for concurrent use.
type Server struct {
	tb       testing.TB
	handler  Handler
	tls      *tls.Config // nil: plain
	log      Log
	addr     string        // guarded by mu
	patience time.Duration // of Close, for the handlers

	wg       sync.WaitGroup
	mu       sync.Mutex
	listener net.Listener          // nil: closed. Guarded by mu
	clients  map[net.Conn]struct{} // below TLS. Guarded by mu
	accepted int                   // guarded by mu
	faults   *Faults               // nil: none. Guarded by mu
}

// NewServer starts a server. It is closed when the test ends, and the test fails if a handler does not return then.
func NewServer(tb testing.TB, h Handler) *Server {
	tb.Helper()
	return NewTLSServer(tb, h, nil)
}

// NewTLSServer is [NewServer] with TLS.
func NewTLSServer(tb testing.TB, h Handler, config *tls.Config) *Server {
	tb.Helper()
	s := &Server{tb: tb, tls: config, addr: "127.0.0.1:0", patience: joinTimeout, clients: map[net.Conn]struct{}{}}
	s.handler = s.log.Record(h)
	if err := s.listen(); err != nil {
		tb.Fatalf("redistest: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Addr returns host:port. It stays the same over Close and Restart.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Commands returns the commands received so far, in the order of their arrival, as [Log.Commands] does.
func (s *Server) Commands() []string { return s.log.Commands() }

// SetFaults says what will be wrong with the connections accepted from now on, seen from the server and above TLS: Write is what it sends.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = &f
}

// Accepted returns how many connections there have been.
func (s *Server) Accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// Clients returns how many connections there are now.
func (s *Server) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.clients)
}

// CloseClients resets all connections.
func (s *Server) CloseClients() {
	for _, nc := range s.connections() {
		resetConn(nc)
	}
}

// Close stops listening, closes all connections and waits for the handlers. The port refuses connections until [Server.Restart].
func (s *Server) Close() {
	s.tb.Helper()
	s.mu.Lock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	s.mu.Unlock()
	for _, nc := range s.connections() {
		_ = nc.Close()
	}
	if !joined(&s.wg, s.patience) {
		s.tb.Errorf("redistest: a handler of the server on %s is still running %v after its connection was closed", s.Addr(), s.patience)
	}
}

// Restart closes the server, if that was not done, and listens on the same port again.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Close()
	// Another process may have the port as that of an outgoing connection for a moment.
	var err error
	for end := time.Now().Add(joinTimeout); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err = s.listen(); err == nil {
			return
		}
	}
	s.tb.Errorf("redistest: restart: %v", err)
}

func (s *Server) listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	s.listener, s.addr = l, l.Addr().String()
	s.wg.Go(func() { s.accept(l) })
	return nil
}

func (s *Server) accept(l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		if !s.admit(l, nc) {
			_ = nc.Close()
			return
		}
	}
}

// admit starts to serve nc, unless l was closed meanwhile.
func (s *Server) admit(l net.Listener, nc net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != l {
		return false
	}
	s.accepted++
	s.clients[nc] = struct{}{}
	faults := s.faults
	s.wg.Go(func() { s.serve(nc, faults) })
	return true
}

func (s *Server) serve(nc net.Conn, f *Faults) {
	defer func() {
		_ = nc.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.clients, nc)
	}()
	whole := nc
	if s.tls != nil {
		whole = tls.Server(nc, s.tls)
	}
	if f != nil {
		whole = Faulty(whole, *f)
	}
	Serve(whole, s.handler)
}

func (s *Server) connections() []net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]net.Conn, 0, len(s.clients))
	for nc := range s.clients {
		all = append(all, nc)
	}
	return all
}

// joined waits for wg, but not longer than limit.
func joined(wg *sync.WaitGroup, limit time.Duration) bool {
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}
