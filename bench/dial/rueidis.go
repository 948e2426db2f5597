package dial

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/redis/rueidis"
)

// RueidisDelay is a MaxFlushDelay that serves many callers best.
const RueidisDelay = 20 * time.Microsecond

// Rueidis returns the options of rueidis for one connection.
func (t Target) Rueidis() rueidis.ClientOption {
	return rueidis.ClientOption{
		InitAddress:       []string{t.Addr},
		Username:          t.User,
		Password:          t.Password,
		SelectDB:          t.DB,
		ForceSingleClient: true,
		DisableCache:      true,
		DisableRetry:      !t.Patient,
		ConnWriteTimeout:  t.Timeout,                    // of reading too
		ClientSetInfo:     rueidis.DisableClientSetInfo, // fewer commands when it connects
		PipelineMultiplex: multiplexOne,
		Dialer:            net.Dialer{KeepAlive: t.pings()},
		DialCtxFn: func(ctx context.Context, _ string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return t.Connect(ctx)
		},
	}
}

// pings is how often rueidis and valkey-go ask whether an idle connection still lives; 0: as often as they do by themselves.
func (t Target) pings() time.Duration {
	if t.Patient {
		return 0
	}
	return -1 // never
}

// Numbers for PipelineMultiplex, whose power of two is the number of connections.
const (
	multiplexOne  = -1
	multiplexTwo  = 1 // the most within three
	multiplexFour = 2
)

// Multiplex is the PipelineMultiplex for at most limit connections; 0: as many as there are by default.
func Multiplex(limit int) int {
	switch {
	case limit == 0 || limit >= 4:
		return multiplexFour
	case limit >= 2:
		return multiplexTwo
	}
	return multiplexOne
}
