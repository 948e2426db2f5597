package localstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// Limits of a [Store].
const (
	defaultMaxBytes = 64 << 20
	maxReplies      = 128 << 20 // bytes of the replies of one request, give or take the last
)

// ErrClosed is what RoundTrip returns after Close.
var ErrClosed = errors.New("localstore: store is closed")

// Config says how a [Store] is made. The zero value is ready to use.
type Config struct {
	// MaxBytes is how much memory entries may take, in bytes: keys, values and a fixed overhead for each entry and each
	// element of a list, hash or sorted set. A script that has begun to write may go a sixty-fourth beyond it. 0: 64 MiB.
	MaxBytes int
	// Evict makes room for a write that does not fit by dropping entries that have a deadline, the nearest deadline first, as volatile-ttl does on
	// a server. Where that does not suffice, or is not set, the write is refused with OOM and nothing is dropped.
	Evict bool
	// Now is the clock that deadlines are measured by; it is called with the store locked. nil: time.Now.
	Now func() time.Time
}

// A Store is the embedded store. It is safe for concurrent use. Make one with [New].
type Store struct {
	now        func() time.Time
	table      map[string]command // not the package's variable itself, which refers to the functions that need it
	replyLimit int                // bytes

	mu      sync.Mutex
	db      keyspace          // guarded by mu
	scripts map[string]Script // guarded by mu; by SHA-1 in lower-case hexadecimal
	closed  bool              // guarded by mu
}

// New returns an empty store.
func New(cfg Config) *Store {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultMaxBytes
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Store{
		now:        cfg.Now,
		table:      commands,
		replyLimit: maxReplies,
		db:         keyspace{limit: cfg.MaxBytes, evict: cfg.Evict},
		scripts:    map[string]Script{},
	}
}

// RoundTrip executes the commands of q, with nothing of anybody else's in between, and then hands their replies to h in order, on
// the caller's goroutine and with the store unlocked: a handler may use the store. Bytes that h borrows from a reply are valid
// until HandleReply returns.
//
// With a nil h the first error reply is returned, as a [*resp.Error]. An error that h returns ends the handling and is returned;
// all commands have been executed then. When ctx has already ended its error is returned, after Close it is [ErrClosed]; nothing has been
// executed in both cases.
func (s *Store) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := turns.Get().(*turn)
	err := s.execute(t, q.Encoded())
	if err == nil {
		err = t.deliver(h)
	}
	t.release()
	return err
}

// execute leaves the replies to the encoded commands in t.
func (s *Store) execute(t *turn, encoded []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock() // a script may panic
	if s.closed {
		return ErrClosed
	}
	t.store, t.db, t.now = s, &s.db, s.now()
	s.db.now = max(0, t.now.UnixMilli()) // sums of deadlines rely on it
	s.db.scriptKeys, s.db.scriptWrote = nil, false
	for len(encoded) > 0 {
		n, err := t.readCommand(encoded)
		if err != nil {
			return err
		}
		t.dispatch(t.args)
		t.ends = append(t.ends, len(t.out))
		encoded = encoded[n:]
	}
	return nil
}

// Register makes EVAL and EVALSHA run script for the server-side script whose SHA-1, in hexadecimal, is sha1. A later
// registration of the same script replaces the earlier one. Anything but 40 digits and a function is a panic.
func (s *Store) Register(sha1 string, script Script) {
	if len(sha1) != hexSHA1 || script == nil {
		panic("localstore: Register needs a SHA-1 of 40 hexadecimal digits and a script")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[strings.ToLower(sha1)] = script
}

// Close forgets everything stored. It never fails, and a second call does nothing. Handlers at work are not waited for: their replies are
// copies.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.db.clear()
	return nil
}
