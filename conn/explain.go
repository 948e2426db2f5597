package conn

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"

	"github.com/bwredis/bwredis/resp"
)

// explain adds to an error of the handshake what most likely is behind it.
func (d *Dialer) explain(op string, err error) error {
	if hint := d.hint(op, err); hint != "" {
		return fmt.Errorf("%w (%s)", err, hint)
	}
	return err
}

func (d *Dialer) hint(op string, err error) string {
	var syntax *resp.SyntaxError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		return "the server does not speak TLS on this port"
	case op == OpTLS && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return "the server closed the connection; it may not speak TLS on this port"
	case op != OpHandshake:
		return ""
	case errors.As(err, &syntax) && syntax.Offset == 0:
		return "the server does not speak the Redis protocol here; HTTP or TLS, perhaps"
	case isReply(err) && !resp.IsCode(err, "NOAUTH"):
		return "" // the server has said it itself
	case d.TLS == nil && errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection; it may expect TLS on this port"
	case resp.IsCode(err, "NOAUTH") && d.Credentials == nil && d.Username == "" && d.Password == "":
		return "the server wants a password and none is set"
	}
	return ""
}
