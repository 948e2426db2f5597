package bwstate

import (
	"context"
	"errors"
	"fmt"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
	"github.com/bwredis/bwredis/tlsconf"
)

// This file is the composition root: nothing else in the package knows of connections, pools, sentinels and TLS.

// Open makes a State of settings and makes sure that its server answers. With USE_REDIS=no it opens an embedded store of its own, which lives until Close.
//
// An error names the setting whose file cannot be used, or address and phase of what failed on the way to the server.
func Open(ctx context.Context, settings Settings) (*State, error) {
	if !settings.UseRedis {
		return openLocal(), nil
	}
	p, err := openPool(settings)
	if err != nil {
		return nil, err
	}
	s := &State{rt: p, close: p.Close}
	if err := s.Ping(ctx); err != nil {
		_ = p.Close()
		return nil, settings.refused(err)
	}
	return s, nil
}

// refused adds the address where the server itself said no to the first command.
func (s Settings) refused(err error) error {
	var reply *resp.Error
	var failure *conn.Error
	if !errors.As(err, &reply) || errors.As(err, &failure) {
		return err
	}
	addr := s.Addr()
	if len(s.SentinelHosts) > 0 {
		addr = s.SentinelMaster
	}
	return &conn.Error{Op: conn.OpHandshake, Addr: addr, Err: fmt.Errorf("PING: %w", err)}
}

// openLocal opens an embedded store that knows the scripts.
func openLocal() *State {
	store := localstore.New(localstore.Config{})
	for _, sc := range scripts {
		store.Register(sc.SHA(), sc.twin)
	}
	return &State{rt: store, close: store.Close}
}

// openPool composes TLS, dialer, sentinel and pool.
func openPool(settings Settings) (*pool.Pool, error) {
	dialer, err := settings.dialer()
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context) (*conn.Conn, error) {
		return dialer.Dial(ctx, settings.Network(), settings.Addr())
	}
	if len(settings.SentinelHosts) > 0 {
		resolver, err := settings.resolver(dialer)
		if err != nil {
			return nil, err
		}
		dial = resolver.Dial(dialer, sentinel.Master)
	}
	return pool.New(pool.Config{
		Dial: func(ctx context.Context) (*conn.Conn, error) {
			c, err := dial(ctx)
			return c, explain(err)
		},
		Keep:        settings.KeepalivePool,
		IdleTimeout: settings.KeepaliveIdle,
		DialTimeout: settings.Timeout,
	})
}

// explain says of certificates that were refused what was expected and what was shown: by the server, or by each of several sentinels. Address and
// phase stay in front.
func explain(err error) error {
	switch e := err.(type) {
	case *conn.Error:
		if e.Op == conn.OpTLS {
			e.Err = tlsconf.Explain(e.Err)
		}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			_ = explain(err)
		}
	case interface{ Unwrap() error }:
		_ = explain(e.Unwrap())
	}
	return err
}

// dialer is how the Redis server is dialled.
func (s Settings) dialer() (*conn.Dialer, error) {
	config, err := tlsconf.Settings{
		Enabled: s.SSL, Verify: s.SSLVerify, ServerName: s.SSLServerName,
		CAFile: s.SSLCA, CertFile: s.SSLCert, KeyFile: s.SSLKey,
	}.Config()
	if err != nil {
		return nil, tlsProblem(err)
	}
	return &conn.Dialer{
		TLS:       config,
		Username:  s.Username,
		Password:  string(s.Password),
		DB:        s.Database,
		Timeout:   s.Timeout,
		KeepAlive: s.KeepaliveIdle,
	}, nil
}

// resolver asks the sentinels, with their own user and password and the TLS of the server.
func (s Settings) resolver(dialer *conn.Dialer) (*sentinel.Resolver, error) {
	return sentinel.New(sentinel.Config{
		Addrs:  s.SentinelHosts,
		Master: s.SentinelMaster,
		Dialer: &conn.Dialer{
			TLS:       dialer.TLS,
			Username:  s.SentinelUsername,
			Password:  string(s.SentinelPassword),
			KeepAlive: s.KeepaliveIdle,
		},
	})
}

// tlsFields are the settings behind what tlsconf complains of.
var tlsFields = map[string]string{"CAFile": "REDIS_SSL_CA", "CertFile": "REDIS_SSL_CERT", "KeyFile": "REDIS_SSL_KEY"}

// tlsProblem names the setting of a file that cannot be used.
func tlsProblem(err error) error {
	var e *tlsconf.Error
	if !errors.As(err, &e) {
		return err
	}
	return &SettingError{Name: tlsFields[e.Field], Value: e.File, Problem: fmt.Sprint(e.Err)}
}
