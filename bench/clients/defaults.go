package clients

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/mediocregopher/radix/v4"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/valkey-io/valkey-go"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// Defaults returns each library as it comes: with nothing set but where the server is, and how many connections there may be where a shape bounds them. They dial by themselves, so they
// need a network. redigo is not among them, for it has no defaults to speak of: its pool keeps no connection until it is told how many.
func Defaults() []Client {
	return []Client{
		{Name: "go-redis, defaults", Kind: versus.Peer, Open: openGoRedisDefaults},
		{Name: "rueidis, defaults", Kind: versus.Peer, Open: openRueidisDefaults},
		{Name: "valkey-go, defaults", Kind: versus.Peer, Open: openValkeyDefaults},
		{Name: "radix, defaults", Kind: versus.Peer, Open: openRadixDefaults},
	}
}

func openGoRedisDefaults(_ context.Context, t dial.Target, s Shape) (Session, error) {
	options := &redis.Options{Network: t.Network, Addr: t.Addr, TLSConfig: t.TLS, Username: t.User, Password: t.Password, DB: t.DB, PoolSize: s.Limit}
	if s.Limit > 0 {
		options.PipelinePoolSize = -1 // pipelines on the connections of other commands, so that there are not more
	}
	c := redis.NewClient(options)
	return goredisSession{c, c}, nil
}

// oneSocket dials a socket for libraries that only know how to dial TCP; nil: TCP.
func oneSocket(t dial.Target) func(context.Context, string, *net.Dialer, *tls.Config) (net.Conn, error) {
	if t.Network != "unix" {
		return nil
	}
	return func(ctx context.Context, _ string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
		return t.Connect(ctx)
	}
}

func openRueidisDefaults(_ context.Context, t dial.Target, s Shape) (Session, error) {
	options := rueidis.ClientOption{
		InitAddress: []string{t.Addr}, TLSConfig: t.TLS, Username: t.User, Password: t.Password, SelectDB: t.DB, DialCtxFn: oneSocket(t),
	}
	if s.Limit > 0 {
		options.PipelineMultiplex = dial.Multiplex(s.Limit)
	}
	c, err := rueidis.NewClient(options)
	if err != nil {
		return nil, err
	}
	return rueidisSession{c}, nil
}

func openValkeyDefaults(_ context.Context, t dial.Target, s Shape) (Session, error) {
	options := valkey.ClientOption{
		InitAddress: []string{t.Addr}, TLSConfig: t.TLS, Username: t.User, Password: t.Password, SelectDB: t.DB, DialCtxFn: oneSocket(t),
	}
	if s.Limit > 0 {
		options.PipelineMultiplex = dial.Multiplex(s.Limit)
	}
	c, err := valkey.NewClient(options)
	if err != nil {
		return nil, err
	}
	return valkeySession{c}, nil
}

func openRadixDefaults(ctx context.Context, t dial.Target, s Shape) (Session, error) {
	config := radix.PoolConfig{Dialer: radix.Dialer{AuthUser: t.User, AuthPass: t.Password, SelectDB: t.Radix().SelectDB}, Size: s.Limit}
	if t.TLS != nil {
		config.Dialer.NetDialer = &tls.Dialer{Config: t.TLS}
	}
	c, err := config.New(ctx, t.Network, t.Addr)
	if err != nil {
		return nil, err
	}
	return radixSession{c}, nil
}
