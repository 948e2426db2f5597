package dial

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/valkey-io/valkey-go"
)

// Valkey returns the options of valkey-go for one connection. It began as rueidis, and takes the same numbers for PipelineMultiplex.
func (t Target) Valkey() valkey.ClientOption {
	return valkey.ClientOption{
		InitAddress:       []string{t.Addr},
		Username:          t.User,
		Password:          t.Password,
		SelectDB:          t.DB,
		ForceSingleClient: true,
		DisableCache:      true,
		DisableRetry:      !t.Patient,
		ConnWriteTimeout:  t.Timeout,                   // of reading too
		ClientSetInfo:     valkey.DisableClientSetInfo, // fewer commands when it connects
		PipelineMultiplex: multiplexOne,
		Dialer:            net.Dialer{KeepAlive: t.pings()},
		DialCtxFn: func(ctx context.Context, _ string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return t.Connect(ctx)
		},
	}
}
