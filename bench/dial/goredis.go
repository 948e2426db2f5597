package dial

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// GoRedis returns the options that make go-redis fastest, without the sizes of its pools.
func (t Target) GoRedis() *redis.Options {
	options := &redis.Options{
		Network: t.Network, Addr: t.Addr, Username: t.User, Password: t.Password, DB: t.DB,
		Dialer:                   func(ctx context.Context, _, _ string) (net.Conn, error) { return t.Connect(ctx) },
		Protocol:                 3,
		MaxRetries:               -1,
		ReadTimeout:              -2, // no deadlines: without them it is faster
		WriteTimeout:             -2,
		DisableIdentity:          true, // fewer commands when it connects
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if t.Patient {
		options.MaxRetries, options.ReadTimeout, options.WriteTimeout = 0, 0, 0 // the defaults
		options.ContextTimeoutEnabled = true                                    // or contexts would hold for waiting only
	}
	if t.Timeout > 0 {
		options.ReadTimeout = t.Timeout
	}
	return options
}

// GoRedisPipelined is a client that puts the commands of all callers into batches. limit is how many connections it may open for them, 0: as many as it likes.
func (t Target) GoRedisPipelined(fullDuplex bool, limit int) (*redis.Client, *redis.AutoPipeliner, error) {
	options := t.GoRedis()
	if limit > 0 {
		options.PoolSize, options.PipelinePoolSize = 1, limit
	}
	c := redis.NewClient(options)
	batching := redis.DefaultBlockingAutoPipelineOptions()
	batching.FullDuplex = fullDuplex
	pipeliner, err := c.AutoPipelineWithOptions(batching)
	if err != nil {
		_ = c.Close()
		return nil, nil, err
	}
	return c, pipeliner, nil
}
