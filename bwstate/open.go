package bwstate

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
// An error names the setting whose file cannot be used, or address and phase of what failed on the way to the server. Files of certificates are read
// again when they have changed, for the next connection.
func Open(ctx context.Context, settings Settings) (*State, error) {
	settings.warnOnce()
	if !settings.UseRedis {
		return openLocal(), nil
	}
	source, err := settings.tlsSource()
	if err != nil {
		return nil, err
	}
	b, err := connect(settings, source)
	if err != nil {
		return nil, err
	}
	s := &State{rt: b.pool, close: b.close, certificates: func() []Certificate { return certificatesOf(source) }}
	if err := s.Ping(ctx); err != nil {
		_ = b.close()
		return nil, settings.refused(err)
	}
	b.watch()
	return s, nil
}

// Pool returns the pool of connections that the State uses, for its figures, its advice on REDIS_KEEPALIVE_POOL and REDIS_KEEPALIVE_IDLE, and what the State does not
// offer. It is nil where there is none, with USE_REDIS=no. It belongs to the State: do not close it.
func (s *State) Pool() *pool.Pool {
	p, _ := s.rt.(*pool.Pool)
	return p
}

// warnOnce is loud about a server that is not checked also where the settings were not parsed.
func (s Settings) warnOnce() {
	if s.UseRedis && s.SSL && !s.SSLVerify && !slices.Contains(s.Warnings, unverified) {
		s.warn(unverified)
	}
	for _, text := range s.Warnings {
		s.warn(text)
	}
}

func (s Settings) warn(text string) {
	if s.Logger != nil {
		s.Logger.Warn("bwstate: " + text)
	}
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

// A backend is what stands behind a State that has servers.
type backend struct {
	pool     *pool.Pool
	dialer   *conn.Dialer
	resolver *sentinel.Resolver // nil: there are no sentinels
	stop     context.CancelFunc // of the watch; nil: it was not begun
	stopped  chan struct{}
}

// connect composes TLS, dialer, sentinel and pool. Nothing is dialled yet.
func connect(s Settings, source *tlsconf.Source) (*backend, error) {
	b := &backend{dialer: &conn.Dialer{
		TLSSource: source.Config,
		Username:  s.Username,
		Password:  string(s.Password),
		DB:        s.Database,
		Timeout:   s.Timeout,
		KeepAlive: s.KeepaliveIdle,
	}}
	cfg := pool.Config{Keep: s.KeepalivePool, IdleTimeout: s.KeepaliveIdle, DialTimeout: s.Timeout, Logger: s.Logger}
	dial := func(ctx context.Context) (*conn.Conn, error) { return b.dialer.Dial(ctx, s.Network(), s.Addr()) }
	if len(s.SentinelHosts) > 0 {
		var err error
		if b.resolver, err = s.resolver(source); err != nil {
			return nil, err
		}
		dial, cfg.Gate = b.resolver.Dial(b.dialer, sentinel.Master), b.resolver.Gate
	}
	cfg.Dial = func(ctx context.Context) (*conn.Conn, error) {
		c, err := dial(ctx)
		return c, explain(source, err)
	}
	var err error
	b.pool, err = pool.New(cfg)
	return b, err
}

// watch follows the master from now on, until close.
func (b *backend) watch() {
	if b.resolver == nil {
		return
	}
	var ctx context.Context
	ctx, b.stop = context.WithCancel(context.Background())
	b.stopped = make(chan struct{})
	go func() {
		defer close(b.stopped)
		_ = b.resolver.Watch(ctx, b.dialer, func(sentinel.Switch) { b.pool.Switch() }) // nobody else watches
	}()
}

func (b *backend) close() error {
	if b.stop != nil {
		b.stop()
		<-b.stopped
	}
	return b.pool.Close()
}

// explain says of certificates that were refused what was expected and what was shown: by the server, or by each of several sentinels. Address and
// phase stay in front. A server's refusal of ours may come with its first answer.
func explain(source *tlsconf.Source, err error) error {
	switch e := err.(type) {
	case *conn.Error:
		if e.Op == conn.OpTLS || e.Op == conn.OpHandshake {
			e.Err = source.Explain(e.Err)
		}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			_ = explain(source, err)
		}
	case interface{ Unwrap() error }:
		_ = explain(source, e.Unwrap())
	}
	return err
}

// resolver asks the sentinels, with their own user and password and the TLS of the server.
func (s Settings) resolver(source *tlsconf.Source) (*sentinel.Resolver, error) {
	return sentinel.New(sentinel.Config{
		Addrs:  s.SentinelHosts,
		Master: s.SentinelMaster,
		Dialer: &conn.Dialer{
			TLSSource: source.Config,
			Username:  s.SentinelUsername,
			Password:  string(s.SentinelPassword),
			KeepAlive: s.KeepaliveIdle,
		},
		Logger: s.Logger,
	})
}

// tlsSource reads the files of TLS; it is nil without TLS.
func (s Settings) tlsSource() (*tlsconf.Source, error) {
	source, err := tlsconf.Settings{
		Enabled: s.SSL, Verify: s.SSLVerify, ServerName: s.SSLServerName,
		CAFile: s.SSLCA, CADir: s.SSLCADir, CertFile: s.SSLCert, KeyFile: s.SSLKey,
		Label:     func(field string) string { return tlsFields[field] },
		OnWarning: s.tlsWarning,
	}.Source()
	var e *tlsconf.Error
	if errors.As(err, &e) {
		return nil, tlsProblem(e)
	}
	return source, err
}

// tlsFields are the settings behind the fields of tlsconf.Settings.
var tlsFields = map[string]string{
	"CAFile": "REDIS_SSL_CA", "CADir": "REDIS_SSL_CA_DIR", "CertFile": "REDIS_SSL_CERT", "KeyFile": "REDIS_SSL_KEY", "Verify": "REDIS_SSL_VERIFY",
}

// tlsProblem names the setting of a file that cannot be used.
func tlsProblem(e *tlsconf.Error) *SettingError {
	return &SettingError{Name: tlsFields[e.Field], Value: e.File, Problem: fmt.Sprint(e.Err)}
}

func (s Settings) tlsWarning(e *tlsconf.Error) {
	switch e.Field {
	case "Verify": // Open has said that
	case "":
		s.warn(fmt.Sprint(e.Err))
	default:
		s.warn(tlsProblem(e).text())
	}
}

func certificatesOf(source *tlsconf.Source) (all []Certificate) {
	for _, e := range source.Expiry() {
		all = append(all, Certificate{Setting: tlsFields[e.Field], File: e.File, Subject: e.Subject, NotAfter: e.NotAfter})
	}
	return all
}
