package redistest

import (
	"strconv"
	"strings"
	"sync"
)

// A keyspace is the data of a server: strings, without expiry.
type keyspace struct {
	mu   sync.Mutex
	data map[dbKey]string // guarded by mu
}

type dbKey struct {
	db  int
	key string
}

func (s *redis) ping(c *Session, args []string) {
	if len(args) == 2 {
		c.Bulk(args[1])
		return
	}
	c.Simple("PONG")
}

func (s *redis) echo(c *Session, args []string) { c.Bulk(args[1]) }

func (s *redis) quit(c *Session, _ []string) {
	c.Simple("OK")
	c.Close()
}

func (s *redis) get(c *Session, args []string) {
	s.keys.mu.Lock()
	v, ok := s.keys.data[dbKey{c.DB, args[1]}]
	s.keys.mu.Unlock()
	if !ok {
		c.Null()
		return
	}
	c.Bulk(v)
}

// getRange takes a range from the beginning on.
func (s *redis) getRange(c *Session, args []string) {
	end, err := strconv.Atoi(args[3])
	if args[2] != "0" || err != nil || end < 0 {
		c.Error(errNotInteger)
		return
	}
	s.keys.mu.Lock()
	v := s.keys.data[dbKey{c.DB, args[1]}]
	s.keys.mu.Unlock()
	c.Bulk(v[:min(len(v), end+1)])
}

// pttl knows no key that ends.
func (s *redis) pttl(c *Session, args []string) {
	s.keys.mu.Lock()
	_, ok := s.keys.data[dbKey{c.DB, args[1]}]
	s.keys.mu.Unlock()
	if ok {
		c.Int(-1)
	} else {
		c.Int(-2)
	}
}

// set takes EX and PX, and forgets them.
func (s *redis) set(c *Session, args []string) {
	if options := args[3:]; len(options) > 0 {
		if len(options) != 2 || !strings.EqualFold(options[0], "EX") && !strings.EqualFold(options[0], "PX") {
			c.Error(errSyntax)
			return
		}
		if _, err := strconv.ParseInt(options[1], 10, 64); err != nil {
			c.Error(errNotInteger)
			return
		}
	}
	s.keys.mu.Lock()
	s.keys.data[dbKey{c.DB, args[1]}] = args[2]
	s.keys.mu.Unlock()
	c.Simple("OK")
}

func (s *redis) del(c *Session, args []string) {
	s.keys.mu.Lock()
	before := len(s.keys.data)
	for _, key := range args[1:] {
		delete(s.keys.data, dbKey{c.DB, key})
	}
	gone := before - len(s.keys.data)
	s.keys.mu.Unlock()
	c.Int(int64(gone))
}

func (s *redis) incr(c *Session, args []string) {
	k := dbKey{c.DB, args[1]}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	v, ok := s.keys.data[k]
	if !ok {
		v = "0"
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		c.Error(errNotInteger)
		return
	}
	s.keys.data[k] = strconv.FormatInt(n+1, 10)
	c.Int(n + 1)
}
