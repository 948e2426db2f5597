package pool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// Defaults of [Config].
const (
	DefaultKeep        = 3
	DefaultIdleTimeout = 5 * time.Minute
	DefaultDialTimeout = 5 * time.Second
	DefaultMaxLifetime = time.Hour
	DefaultMaxShare    = 1024
	DefaultExclusive   = 64 // how far MaxOpen is above Keep
)

// Config says how a pool behaves. Only Dial is required.
type Config struct {
	// Dial makes a connection. It runs on a goroutine of its own, under a context that ends after DialTimeout, and when the pool is reset or closed.
	// It should return when that context has ended. One that does not is given up a second later: that dial has failed, and a connection that it makes yet is closed.
	Dial func(ctx context.Context) (*conn.Conn, error)

	Keep        int           // connections kept open and shared; 0: DefaultKeep
	IdleTimeout time.Duration // longest a kept connection sits unused; 0: DefaultIdleTimeout
	DialTimeout time.Duration // longest one dial may take; 0: DefaultDialTimeout

	// MaxLifetime is how long a connection is used, the last fifth of it left to chance; 0: DefaultMaxLifetime. A new one is there before an old one that is in use
	// goes. So names that resolve to another address, rotated credentials and balanced load have their effect without a restart.
	MaxLifetime time.Duration

	MaxShare int // requests in flight on one kept connection, beyond which callers queue; 0: DefaultMaxShare

	// Gate, when it is set, is asked before each attempt at a request, and before With, for which q is nil: whether it has to wait, and for what. It is asked again
	// when the channel is closed, and once more when there is a connection, just before the request is sent; it must return at once. That of a sentinel's resolver
	// keeps writes from a master that is about to be replaced.
	Gate func(q *resp.Request) (wait <-chan struct{})

	Logger *slog.Logger // told of outages, broken connections and servers that are no master, each sort once in 30 seconds with a count; nil: nobody
	Trace  *Trace       // told what happens; nil: nobody

	// MaxOpen is how many connections may be open in all; 0: Keep + DefaultExclusive. Those above Keep are for With and for blocking requests, which
	// queue when that many are checked out; so neither they nor plain requests can keep the others from being served. Connections that a Reset has
	// retired are not counted.
	MaxOpen int
}

// maxConnections is a bound against slips of the finger: no server accepts so many by default.
const maxConnections = 100_000

// withDefaults returns the configuration in force, or every reason why there is none.
func (cfg Config) withDefaults() (Config, error) {
	var missing error
	if cfg.Dial == nil {
		missing = errors.New("pool: Config.Dial is missing")
	}
	err := errors.Join(
		missing,
		fill("Keep", &cfg.Keep, DefaultKeep),
		fill("IdleTimeout", &cfg.IdleTimeout, DefaultIdleTimeout),
		fill("DialTimeout", &cfg.DialTimeout, DefaultDialTimeout),
		fill("MaxLifetime", &cfg.MaxLifetime, DefaultMaxLifetime),
		fill("MaxShare", &cfg.MaxShare, DefaultMaxShare),
		cfg.fillMaxOpen(),
	)
	return cfg, err
}

// fillMaxOpen needs the Keep in force.
func (cfg *Config) fillMaxOpen() error {
	err := fill("MaxOpen", &cfg.MaxOpen, max(cfg.Keep, 0)+DefaultExclusive)
	switch {
	case err != nil:
		return err
	case cfg.MaxOpen > maxConnections:
		return fmt.Errorf("pool: Config.MaxOpen is %d, at most %d makes sense", cfg.MaxOpen, maxConnections)
	case cfg.MaxOpen <= cfg.Keep:
		return fmt.Errorf("pool: Config.MaxOpen is %d, but what needs a connection alone needs it above Config.Keep, %d", cfg.MaxOpen, cfg.Keep)
	}
	return nil
}

// exclusive returns how many connections may be checked out alone.
func (cfg *Config) exclusive() int { return cfg.MaxOpen - cfg.Keep }

// fill puts the default where a field is zero.
func fill[T int | time.Duration](name string, field *T, byDefault T) error {
	if *field < 0 {
		return fmt.Errorf("pool: Config.%s is negative: %v", name, *field)
	}
	if *field == 0 {
		*field = byDefault
	}
	return nil
}
