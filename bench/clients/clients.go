// Package clients is how the programs of bench use each library: one file for each, in the way that its documentation recommends for speed.
//
// Another library is added by a type with the two methods of [Session] and by a line for each way to use it in [Peers]: the programs measure whatever is there. One
// that follows sentinels says so in its line, with [Client.Follow], and may be a [Judge] of its errors.
package clients

import (
	"context"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// A Client is one way to use a library: the library with one set of options.
type Client struct {
	Name string
	Kind versus.Kind
	Open func(ctx context.Context, t dial.Target, s Shape) (Session, error)
	// Single says that it differs from another of the library's clients in single commands only, so that its pipelines need not be measured.
	Single bool
	// Lone says that there is nothing to be gained from it with one caller, because all it does is gather what several ask, or because it is then as another.
	Lone bool
	// NoInto says that it has no way to read into memory of the caller's.
	NoInto bool
	// Smallest opens one connection for one caller where the library has something smaller for that than what Open returns; nil: it has not.
	Smallest func(ctx context.Context, t dial.Target) (Session, error)
	// Follow opens it so that it finds a master by sentinels and goes with them to the next one, with the timeouts, retries and probes that it has by itself, but
	// that it observes contexts; nil: it cannot.
	Follow func(ctx context.Context, s Sentinels) (Session, error)
	// Refresh is what the library recommends for [Sentinels.Refresh], which it does not set by itself; 0: it has no such setting.
	Refresh time.Duration
}

// OpenSmallest opens the smallest that the library has, with one connection.
func (c Client) OpenSmallest(ctx context.Context, t dial.Target) (Session, error) {
	if c.Smallest != nil {
		return c.Smallest(ctx, t)
	}
	return c.Open(ctx, t, Shape{Callers: 1, Limit: 1})
}

// IsPlain says whether it is its library as it comes, whose name it has: other ways to use the library have a slash and more behind that.
func (c Client) IsPlain() bool { return !strings.Contains(c.Name, "/") }

// A Session is a client that is connected.
type Session interface {
	// Ask prepares what one caller asks again and again: a single command, or several as one pipeline. It returns nil when the client has no such way.
	Ask(commands []Command) Ask
	Close()
}

// An Ask sends commands and waits for the replies, which hold until the next call. A null is no error; an error reply is one.
type Ask func(ctx context.Context) ([]Reply, error)

// A Shape says how many callers there are, and how many connections a client may open for them; 0: as many as serve it best.
type Shape struct {
	Callers, Limit int
}

// connections is how many a client opens that gives each caller one.
func (s Shape) connections() int {
	if s.Limit > 0 {
		return min(s.Limit, s.Callers)
	}
	return s.Callers
}

// few is how many connections clients open by default that share them out among callers.
const few = 4

// shared is how many such a client opens. A lone caller has nothing from a second.
func (s Shape) shared() int {
	switch {
	case s.Callers == 1:
		return 1
	case s.Limit > 0:
		return s.Limit
	}
	return few
}

// All returns every client, ours first.
func All() []Client { return append(Ours(), Peers()...) }

// Peers returns the clients of other libraries. Of each library the plain one comes first.
func Peers() []Client {
	return []Client{
		{Name: "go-redis", Kind: versus.Peer, Open: openGoRedis, Follow: followGoRedis},
		{Name: "go-redis/autopipe", Kind: versus.Peer, Open: openGoRedisAuto, Single: true},
		{Name: "go-redis/fullduplex", Kind: versus.Peer, Open: openGoRedisDuplex},
		{Name: "rueidis", Kind: versus.Peer, Open: openRueidis, Follow: followRueidis, Refresh: recommended},
		{Name: "rueidis/1conn", Kind: versus.Peer, Open: openRueidisOne, Lone: true},
		{Name: "rueidis/always", Kind: versus.Peer, Open: openRueidisAlways},
		{Name: "rueidis/flush20us", Kind: versus.Peer, Open: openRueidisFlush, Lone: true},
		{Name: "rueidis/flush20us, 1conn", Kind: versus.Peer, Open: openRueidisFlushOne, Lone: true},
		{Name: "valkey-go", Kind: versus.Peer, Open: openValkey, Follow: followValkey, Refresh: recommended},
		{Name: "valkey-go/1conn", Kind: versus.Peer, Open: openValkeyOne, Lone: true},
		{Name: "valkey-go/flush20us", Kind: versus.Peer, Open: openValkeyFlush, Lone: true},
		{Name: "valkey-go/flush20us, 1conn", Kind: versus.Peer, Open: openValkeyFlushOne, Lone: true},
		{Name: "redigo", Kind: versus.Peer, Open: openRedigo, NoInto: true, Smallest: openRedigoConn},
		{Name: "radix", Kind: versus.Peer, Open: openRadix, Smallest: openRadixConn, Follow: followRadix},
		{Name: "radix/flush150us", Kind: versus.Peer, Open: openRadixFlush, Lone: true},
	}
}
