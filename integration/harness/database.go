package harness

import (
	"strconv"
	"sync"
	"testing"
)

// databasePool hands out the database numbers of one server, the longest unused first.
type databasePool struct {
	mu   sync.Mutex
	free []int // guarded by mu
}

// newDatabasePool leaves out 0, which is for tests that can not choose.
func newDatabasePool() *databasePool {
	p := &databasePool{}
	for n := 1; n < databaseCount; n++ {
		p.free = append(p.free, n)
	}
	return p
}

func (p *databasePool) take() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) == 0 {
		return 0, false
	}
	n := p.free[0]
	p.free = p.free[1:]
	return n, true
}

func (p *databasePool) give(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, n)
}

// Database returns the number, from 1 to 1023, of an empty database that is the test's alone until it
// ends. Keys are all it separates: scripts, channels, users and the configuration belong to everybody.
func (s *Server) Database(t testing.TB) int {
	t.Helper()
	n, ok := s.databases.take()
	if !ok {
		t.Fatalf("harness: all databases of %s are in use", s.Version)
	}
	if err := s.flush(n); err != nil {
		t.Fatalf("harness: empty database %d of %s: %v", n, s.Version, err)
	}
	t.Cleanup(func() {
		_ = s.flush(n) // for its memory only: the test may have stopped the server, and take flushes again
		s.databases.give(n)
	})
	return n
}

func (s *Server) flush(n int) error {
	w, err := s.dial()
	if err != nil {
		return err
	}
	defer w.close()
	if _, err := w.do("SELECT", strconv.Itoa(n)); err != nil {
		return err
	}
	_, err = w.do("FLUSHDB")
	return err
}
