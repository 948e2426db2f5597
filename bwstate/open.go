package bwstate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
	secure, err := settings.tlsSources()
	if err != nil {
		return nil, err
	}
	b, err := connect(settings, secure)
	if err != nil {
		return nil, err
	}
	s := &State{rt: b.pool, close: b.close, certificates: secure.certificates, dialPushes: b.dialPushes, warn: settings.warn}
	b.onSwitch = s.switchCaches
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
	if s.UseRedis {
		for _, text := range s.unchecked() {
			if !slices.Contains(s.Warnings, text) {
				s.warn(text)
			}
		}
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
func openLocal() *State { return openStore(localstore.Config{}) }

// standInBytes bounds what counts in the place of a server that is away: some hundred thousand of them.
const standInBytes = 64 << 20

// openStandIn opens the embedded store that stands in for a server. The flood that brought the server down must not end the counting here: what
// would end first makes room for what is new.
func openStandIn() *State { return openStore(localstore.Config{MaxBytes: standInBytes, Evict: true}) }

func openStore(cfg localstore.Config) *State {
	store := localstore.New(cfg)
	for _, sc := range scripts {
		store.Register(sc.SHA(), sc.twin)
	}
	return &State{rt: store, close: store.Close, embedded: true}
}

// isClosed reports whether err says that the State, or what stands behind it, was closed.
func isClosed(err error) bool {
	return errors.Is(err, pool.ErrClosed) || errors.Is(err, conn.ErrClosed) || errors.Is(err, localstore.ErrClosed)
}

// notSent reports whether err says that the server has seen nothing of a request.
func notSent(err error) bool { return conn.NotSent(err) }

// A backend is what stands behind a State that has servers.
type backend struct {
	pool     *pool.Pool
	dialer   *conn.Dialer
	dial     func(context.Context, *conn.Dialer) (*conn.Conn, error) // to the server, or the master
	onSwitch func()                                                  // there is another master
	resolver *sentinel.Resolver                                      // nil: there are no sentinels
	stop     context.CancelFunc                                      // of the watch; nil: it was not begun
	stopped  chan struct{}
}

// connect composes TLS, dialer, sentinel and pool. Nothing is dialled yet.
func connect(s Settings, secure *tlsSources) (*backend, error) {
	b := &backend{dialer: &conn.Dialer{
		TLSSource: secure.servers.Config,
		Username:  s.Username,
		Password:  string(s.Password),
		DB:        s.Database,
		Timeout:   s.Timeout,
		KeepAlive: s.KeepaliveIdle,
	}}
	cfg := pool.Config{Keep: s.KeepalivePool, IdleTimeout: s.KeepaliveIdle, DialTimeout: s.Timeout, Logger: s.Logger}
	dial := func(d *conn.Dialer) func(context.Context) (*conn.Conn, error) {
		return func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, s.Network(), s.Addr()) }
	}
	if len(s.SentinelHosts) > 0 {
		var err error
		if b.resolver, err = s.resolver(secure.sentinels); err != nil {
			return nil, err
		}
		dial = func(d *conn.Dialer) func(context.Context) (*conn.Conn, error) {
			return b.resolver.Dial(d, sentinel.Master)
		}
		cfg.Gate = b.resolver.Gate
	}
	b.dial = func(ctx context.Context, d *conn.Dialer) (*conn.Conn, error) {
		c, err := dial(d)(ctx)
		return c, secure.explain(err)
	}
	cfg.Dial = func(ctx context.Context) (*conn.Conn, error) { return b.dial(ctx, b.dialer) }
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
		_ = b.resolver.Watch(ctx, b.dialer, b.switched) // nobody else watches
	}()
}

// drainTime is how long an old master that lives has to answer what it was asked before the switch.
const drainTime = time.Second / 2

// switched tells the pool first: when changes are followed on the new master, nobody may ask the old one for what is kept.
func (b *backend) switched(s sentinel.Switch) {
	if s.Down {
		b.pool.Switch(0)
	} else {
		b.pool.Switch(drainTime)
	}
	b.onSwitch()
}

// dialPushes dials a connection that is not the pool's, and gives what the server says unasked to onPush.
func (b *backend) dialPushes(ctx context.Context, onPush func(*resp.Reply)) (pushConn, error) {
	d := *b.dialer
	d.OnPush = onPush
	c, err := b.dial(ctx, &d)
	if err != nil {
		return nil, err
	}
	if c.Hello().Protocol < 3 {
		_ = c.Close()
		return nil, errNoPushes
	}
	return c, nil
}

// close closes the pool first: what the fence holds must not go on to the old master when the watch ends.
func (b *backend) close() error {
	err := b.pool.Close()
	if b.stop != nil {
		b.stop()
		<-b.stopped
	}
	return err
}

// resolver asks the sentinels.
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
		Reach:  sentinel.AddressMap(s.SentinelAddressMap).Reach,
		Logger: s.Logger,
	})
}

// tlsSources read the files of TLS: nil where there is no TLS, the same where there is no difference.
type tlsSources struct {
	servers, sentinels *tlsconf.Source
	sentinelLabel      func(field string) string
}

// tlsSources returns a [*SettingsError] that names every setting whose file cannot be used.
func (s Settings) tlsSources() (*tlsSources, error) {
	var all tlsSources
	var problems []*SettingError
	var err error
	all.servers, err = tlsconf.Settings{
		Enabled: s.SSL, Verify: s.SSLVerify, ServerName: s.SSLServerName,
		CAFile: s.SSLCA, CADir: s.SSLCADir, CertFile: s.SSLCert, KeyFile: s.SSLKey,
		Label:     serverTLSName,
		OnWarning: s.tlsWarning,
	}.Source()
	if err != nil {
		problems = appendTLSProblems(problems, err, serverTLSName)
	}
	all.sentinels = all.servers
	if settings, own := s.sentinelTLS(); own && len(s.SentinelHosts) > 0 {
		all.sentinelLabel = settings.Label
		if all.sentinels, err = settings.Source(); err != nil {
			problems = appendTLSProblems(problems, err, settings.Label)
		}
	}
	if len(problems) > 0 {
		return nil, &SettingsError{Problems: problems}
	}
	return &all, nil
}

func (s Settings) tlsWarning(e *tlsconf.Error) {
	switch e.Field {
	case "Verify": // Open has said that
	case "":
		s.warn(fmt.Sprint(e.Err))
	default:
		s.warn((&SettingError{Name: serverTLSName(e.Field), Value: e.File, Problem: fmt.Sprint(e.Err)}).text())
	}
}

// certificates returns until when those in the files are valid.
func (all *tlsSources) certificates() []Certificate {
	certs := certificatesOf(all.servers, serverTLSName)
	if all.sentinels != all.servers {
		certs = append(certs, certificatesOf(all.sentinels, all.sentinelLabel)...)
	}
	return certs
}

func certificatesOf(source *tlsconf.Source, label func(field string) string) (all []Certificate) {
	for _, e := range source.Expiry() {
		all = append(all, Certificate{Setting: label(e.Field), File: e.File, Subject: e.Subject, NotAfter: e.NotAfter})
	}
	return all
}

// explain says of certificates that were refused what was expected and what was shown: by the server, or by each of several sentinels. Address and
// phase stay in front. A server's refusal of ours may come with its first answer.
func (all *tlsSources) explain(err error) error {
	explain(all.servers, all.sentinels, err)
	return err
}

func explain(source, sentinels *tlsconf.Source, err error) {
	switch e := err.(type) {
	case *conn.Error:
		if e.Op == conn.OpTLS || e.Op == conn.OpHandshake {
			e.Err = source.Explain(e.Err)
			return
		}
		explain(source, sentinels, e.Err)
	case *sentinel.ResolveError:
		for _, err := range e.Errs {
			explain(sentinels, sentinels, err)
		}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			explain(source, sentinels, err)
		}
	case interface{ Unwrap() error }:
		explain(source, sentinels, e.Unwrap())
	}
}
