package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/resp"
)

// A site is a server, by all ways that lead to it.
type site struct {
	name      string // how it is called in the output
	version   string
	tcp       dial.Target  // by TCP, unless the settings say otherwise
	unix, tls *dial.Target // nil: there is none
	responder bool         // nothing is executed
	notes     []string     // why it is this one
	prefix    string       // of all keys
	sha       string       // of the script
	stop      func()       // may be called more than once
	close     func() error // removes what was stored, and stops what was started; may be called more than once
}

const (
	prefix  = "bwredis-sweep:"
	keyTime = "7200" // seconds after which keys end by themselves, should the program not come to delete them

	scriptText = `local n = redis.call('INCR', KEYS[1]) redis.call('EXPIRE', KEYS[1], ARGV[1]) return n`
	countTime  = "60"
)

// prepare stores what the workloads read. Keys differ between two programs that measure the same server.
func (s *site) prepare(ctx context.Context) error {
	if s.prefix == "" {
		s.prefix = fmt.Sprintf("%s%08x:", prefix, rand.Uint32())
	}
	s.close = sync.OnceValue(s.leave)
	c, err := s.tcp.Ours(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	h := c.Hello()
	s.version = strings.TrimSpace(h.Server + " " + h.Version)
	for key, value := range s.values() {
		var q resp.Request
		q.Cmd("SET").Str(key).Str(value).Str("EX").Str(keyTime)
		if err := c.RoundTrip(ctx, &q, nil); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	v, err := c.Do(ctx, "SCRIPT", "LOAD", scriptText)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.sha, err = v.Text()
	return err
}

const leaveTime = 10 * time.Second

func (s *site) leave() error {
	defer s.stop()
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	c, err := s.tcp.Ours(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, key := range s.keys() {
		_, failed := c.Do(ctx, "DEL", key)
		err = errors.Join(err, failed)
	}
	return err
}

// keys are all that the workloads write.
func (s *site) keys() []string {
	keys := []string{s.key("counter")}
	for key := range s.values() {
		keys = append(keys, key)
	}
	for _, size := range sizes {
		keys = append(keys, s.stored(size))
	}
	for i := range visitors {
		keys = append(keys, s.visitor(i).counter)
	}
	return keys
}

func (s *site) key(name string) string { return s.prefix + name }

// value is where a value of that size lies, and stored where one is written to.
func (s *site) value(size int) string  { return s.key(fmt.Sprintf("value:%d", size)) }
func (s *site) stored(size int) string { return s.key(fmt.Sprintf("stored:%d", size)) }

// values are what has to be there.
func (s *site) values() map[string]string {
	values := map[string]string{}
	for _, size := range sizes {
		values[s.value(size)] = valueOf(size)
	}
	for i := range visitors {
		v := s.visitor(i)
		values[v.session] = v.data
	}
	return values
}

// valueOf makes a value of that size which ends with a byte that is nowhere else in it.
func valueOf(size int) string { return strings.Repeat("x", size-1) + "." }
