package bwstate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

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
	p, err := openPool(settings, source)
	if err != nil {
		return nil, err
	}
	s := &State{rt: p, close: p.Close, certificates: func() []Certificate { return certificatesOf(source) }}
	if err := s.Ping(ctx); err != nil {
		_ = p.Close()
		return nil, settings.refused(err)
	}
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

// openPool composes TLS, dialer, sentinel and pool.
func openPool(settings Settings, source *tlsconf.Source) (*pool.Pool, error) {
	d := &dialing{settings: settings, source: source}
	if _, err := d.current(); err != nil { // what is wrong with the sentinels is known before anything is dialled
		return nil, err
	}
	return pool.New(pool.Config{
		Dial: func(ctx context.Context) (*conn.Conn, error) {
			c, err := d.dial(ctx)
			return c, explain(source, err)
		},
		Keep:        settings.KeepalivePool,
		IdleTimeout: settings.KeepaliveIdle,
		DialTimeout: settings.Timeout,
		Logger:      settings.Logger,
	})
}

// dialing makes connections with the certificates that are in the files at that time.
type dialing struct {
	settings Settings
	source   *tlsconf.Source
	last     atomic.Pointer[dialWith]
}

// dialWith is how to dial with one TLS configuration, nil when there is no TLS.
type dialWith struct {
	tls  *tls.Config
	dial func(context.Context) (*conn.Conn, error)
}

func (d *dialing) dial(ctx context.Context) (*conn.Conn, error) {
	with, err := d.current()
	if err != nil {
		return nil, err
	}
	return with.dial(ctx)
}

// current makes dialers, and a resolver of sentinels, only when the configuration is another. Those who find that at the same time each make one,
// and any of them will do.
func (d *dialing) current() (*dialWith, error) {
	config := d.source.Config()
	if last := d.last.Load(); last != nil && last.tls == config {
		return last, nil
	}
	dial, err := d.settings.dialFunc(config)
	if err != nil {
		return nil, err
	}
	with := &dialWith{tls: config, dial: dial}
	d.last.Store(with)
	return with, nil
}

// dialFunc is how Redis is dialled: where the settings say, or where the sentinels say.
func (s Settings) dialFunc(config *tls.Config) (func(context.Context) (*conn.Conn, error), error) {
	dialer := &conn.Dialer{
		TLS:       config,
		Username:  s.Username,
		Password:  string(s.Password),
		DB:        s.Database,
		Timeout:   s.Timeout,
		KeepAlive: s.KeepaliveIdle,
	}
	if len(s.SentinelHosts) == 0 {
		return func(ctx context.Context) (*conn.Conn, error) { return dialer.Dial(ctx, s.Network(), s.Addr()) }, nil
	}
	resolver, err := s.resolver(config)
	if err != nil {
		return nil, err
	}
	return resolver.Dial(dialer, sentinel.Master), nil
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
func (s Settings) resolver(config *tls.Config) (*sentinel.Resolver, error) {
	return sentinel.New(sentinel.Config{
		Addrs:  s.SentinelHosts,
		Master: s.SentinelMaster,
		Dialer: &conn.Dialer{
			TLS:       config,
			Username:  s.SentinelUsername,
			Password:  string(s.SentinelPassword),
			KeepAlive: s.KeepaliveIdle,
		},
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
