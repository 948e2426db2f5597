package bwstate

import (
	"context"
	"strings"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// Lifetimes of a [NodeCache]. Those of values and names are the nodes' own.
const (
	DefaultNodeValueTTL = 30 * time.Second // of Set without a lifetime
	DefaultNegativeTTL  = time.Minute      // of names and addresses that there are not

	namesTTL = time.Hour
	portTTL  = 24 * time.Hour
)

// NodeCacheConfig says how a [NodeCache] writes. The zero value is ready.
type NodeCacheConfig struct {
	// NegativeTTL is how long it is kept that an address has no name, or a name no address, in whole seconds; 0: DefaultNegativeTTL. Nodes keep that for an hour, also when
	// it was only the resolver that could not be reached.
	NegativeTTL time.Duration
}

// A NodeCache is what BunkerWeb's nodes keep in Redis to look it up only once for all of them: names of addresses, addresses of names, ports that clients have open. It
// reads and writes the same keys in the same bytes. [State.NodeCache] makes one; its methods may be called concurrently, and each is one round trip.
//
// A node that has read a value keeps it in its own memory until its lifetime ends. What is deleted or changed here reaches such a node only then.
type NodeCache struct {
	state    *State
	negative time.Duration
}

// NodeCache returns the cache that nodes share. An error is an [*ArgumentError].
func (s *State) NodeCache(cfg NodeCacheConfig) (*NodeCache, error) {
	if cfg.NegativeTTL == 0 {
		cfg.NegativeTTL = DefaultNegativeTTL
	}
	if err := checkTTL("NegativeTTL", cfg.NegativeTTL); err != nil {
		return nil, err
	}
	return &NodeCache{state: s, negative: cfg.NegativeTTL}, nil
}

// A NodeValue is what is stored under a key.
type NodeValue struct {
	Text      string
	Permanent bool          // it has no end: a node that reads it keeps it until it is restarted
	Remaining time.Duration // until it ends; 0 when it is permanent
}

// Get returns the value of a key of any plugin, and false when there is none. One that is larger than 16 MiB is a [*ValueError].
func (c *NodeCache) Get(ctx context.Context, key string) (v NodeValue, found bool, err error) {
	if err := checkNodeKey(key); err != nil {
		return NodeValue{}, false, err
	}
	op := newFetching(maxCacheValue, key)
	defer op.recycle()
	if err := c.state.run(ctx, &op.q, op); err != nil {
		return NodeValue{}, false, err
	}
	return op.nodeValue()
}

// nodeValue is what came of the only key.
func (op *fetching) nodeValue() (v NodeValue, found bool, err error) {
	f := op.got[0]
	if f.state != present {
		return NodeValue{}, false, f.err
	}
	v.Text = string(op.value(f))
	if v.Permanent = f.ms == noExpiry; !v.Permanent {
		v.Remaining = lifetime(f.ms)
	}
	return v, true, nil
}

// Set writes a value that lives for ttl, in whole seconds, rounded up; 0: DefaultNodeValueTTL. Nothing is written without an end: nodes would keep it for ever.
func (c *NodeCache) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	if ttl == 0 {
		ttl = DefaultNodeValueTTL
	}
	if err := checkNodeKey(key); err != nil {
		return err
	}
	if len(value) > maxCacheValue {
		return &ArgumentError{Name: "value", Problem: "is larger than 16 MiB"}
	}
	if err := checkTTL("ttl", ttl); err != nil {
		return err
	}
	op := nodeSet{key: key, value: value, seconds: seconds(ttl)}
	return c.state.runWrite(ctx, &op)
}

// Delete deletes a value, and returns whether there was one.
func (c *NodeCache) Delete(ctx context.Context, key string) (deleted bool, err error) {
	if err := checkNodeKey(key); err != nil {
		return false, err
	}
	op := deletion{keys: []string{key}}
	err = c.state.runWrite(ctx, &op)
	return op.count > 0, err
}

// checkNodeKey refuses what no key of a node's cache is: those of BunkerWeb's UI and API, which keep other things there.
func checkNodeKey(key string) error {
	switch {
	case key == "":
		return &ArgumentError{Name: "key", Problem: "is empty"}
	case len(key) > maxCacheKey:
		return &ArgumentError{Name: "key", Problem: "is longer than 4096 bytes"}
	case strings.HasPrefix(key, "bunkerweb_ui_session:"), strings.HasPrefix(key, "LIMITS:"):
		return &ArgumentError{Name: "key", Problem: "belongs to BunkerWeb's UI or API"}
	}
	return nil
}

// A write is an operation that keeps what the server refused.
type write interface {
	operation
	refusal() error
}

// runWrite makes one round trip, and returns what the server refused as well.
func (s *State) runWrite(ctx context.Context, op write) error {
	w := newAdhoc()
	defer w.recycle()
	if err := s.run(ctx, &w.q, op); err != nil {
		return err
	}
	return op.refusal()
}

// firstRefusal is the first refusal among the replies of an operation.
type firstRefusal struct{ err error }

func (f *firstRefusal) refusal() error { return f.err }
func (f *firstRefusal) reads() bool    { return false }

// take reports whether the reply is no refusal.
func (f *firstRefusal) take(r *resp.Reply) bool {
	e := r.ErrorReply()
	if e != nil && f.err == nil {
		f.err = e
	}
	return e == nil
}

// nodeSet writes a value of a node's cache.
type nodeSet struct {
	firstRefusal
	key, value string
	seconds    int64
}

func (op *nodeSet) add(q *resp.Request) {
	op.err = nil
	q.Cmd("SET").Str(op.key).Str(op.value).Str("EX").Int(op.seconds)
}

func (op *nodeSet) HandleReply(_ int, r *resp.Reply) error {
	op.take(r)
	return nil
}

// deletion deletes keys and counts them.
type deletion struct {
	firstRefusal
	keys  []string
	count int64
}

func (op *deletion) add(q *resp.Request) {
	op.err, op.count = nil, 0
	q.Cmd("DEL").Args(op.keys...)
}

func (op *deletion) HandleReply(_ int, r *resp.Reply) error {
	if op.take(r) {
		op.count = r.Int()
		return r.Err()
	}
	return nil
}
