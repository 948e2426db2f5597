package dial

import (
	"context"
	"net"
	"strconv"

	"github.com/mediocregopher/radix/v4"
)

// netDialer is how radix takes a function that dials.
type netDialer Target

func (d netDialer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return Target(d).Connect(ctx)
}

// Radix makes connections of radix. It knows no timeout but that of contexts: who makes calls on them sees to [Target.Timeout].
func (t Target) Radix() radix.Dialer {
	d := radix.Dialer{NetDialer: netDialer(t), AuthUser: t.User, AuthPass: t.Password}
	if t.DB != 0 {
		d.SelectDB = strconv.Itoa(t.DB)
	}
	return d
}
