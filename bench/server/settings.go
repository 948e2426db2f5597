package server

import (
	"context"
	"crypto/tls"
	"errors"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/sentinel"
	"github.com/bwredis/bwredis/tlsconf"
)

// OfSettings is the server that the settings name, or the master that their sentinels name now.
func OfSettings(ctx context.Context, s bwstate.Settings) (dial.Target, error) {
	config, err := tlsOf(s)
	if err != nil {
		return dial.Target{}, err
	}
	t := dial.Target{Network: s.Network(), Addr: s.Addr(), TLS: config, User: s.Username, Password: string(s.Password), DB: s.Database}
	if len(s.SentinelHosts) > 0 {
		t.Network, t.Addr, err = master(ctx, s, config)
	}
	return t, err
}

func tlsOf(s bwstate.Settings) (*tls.Config, error) {
	return tlsconf.Settings{
		Enabled: s.SSL, Verify: s.SSLVerify, ServerName: s.SSLServerName,
		CAFile: s.SSLCA, CADir: s.SSLCADir, CertFile: s.SSLCert, KeyFile: s.SSLKey,
	}.Config()
}

// master asks the sentinels, once. Those with TLS of their own are not asked: nothing is measured by way of them.
func master(ctx context.Context, s bwstate.Settings, config *tls.Config) (network, addr string, err error) {
	if s.SentinelSSL != "" {
		return "", "", errors.New("sentinels with TLS of their own are not asked: name the master with REDIS_HOST, without REDIS_SENTINEL_HOSTS")
	}
	r, err := sentinel.New(sentinel.Config{
		Addrs: s.SentinelHosts, Master: s.SentinelMaster, Reach: sentinel.AddressMap(s.SentinelAddressMap).Reach,
		Dialer: &conn.Dialer{Username: s.SentinelUsername, Password: string(s.SentinelPassword), TLS: config},
	})
	if err != nil {
		return "", "", err
	}
	addr, err = r.Resolve(ctx, sentinel.Master)
	return "tcp", addr, err
}
