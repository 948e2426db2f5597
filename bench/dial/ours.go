package dial

import (
	"context"

	"github.com/bwredis/bwredis/conn"
)

// Ours is a connection of package conn.
func (t Target) Ours(ctx context.Context) (*conn.Conn, error) {
	d := conn.Dialer{TLS: t.TLS, Username: t.User, Password: t.Password, DB: t.DB, Timeout: t.Timeout}
	if t.Memory != nil || t.Dial != nil || t.Attempt != nil {
		d.DialContext = t.dialled
	}
	return d.Dial(ctx, t.Network, t.Addr)
}
