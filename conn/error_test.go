package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

func TestErrorIsItsCause(t *testing.T) {
	err := fmt.Errorf("outside: %w", &conn.Error{Op: conn.OpRead, Addr: "a:1", Sent: true, Err: io.ErrUnexpectedEOF})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, "outside: redis: read a:1: unexpected EOF", err.Error())
	require.False(t, failure(t, err).Timeout())
	for _, cause := range []error{context.DeadlineExceeded, os.ErrDeadlineExceeded} {
		require.True(t, (&conn.Error{Err: cause}).Timeout())
	}
	require.False(t, (&conn.Error{Err: context.Canceled}).Timeout())
}

func TestNotSent(t *testing.T) {
	for want, errs := range map[bool][]error{
		true: {&conn.Error{Err: io.EOF}, fmt.Errorf("wrapped: %w", &conn.Error{Err: io.EOF})},
		false: {
			nil, io.EOF, context.Canceled, &conn.Error{Sent: true, Err: io.EOF}, &resp.Error{Message: "ERR no"}, conn.ErrClosed,
		},
	} {
		for _, err := range errs {
			require.Equal(t, want, conn.NotSent(err), "%v", err)
		}
	}
}

func TestClosedConnection(t *testing.T) {
	c := dialPipe(t, redistest.Redis(redistest.Options{}), conn.Dialer{})
	require.NoError(t, c.Err())
	require.Equal(t, "memory:0", c.Addr())
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	for _, err := range []error{c.Err(), c.Probe(), c.RoundTrip(t.Context(), request([]string{"PING"}), nil)} {
		require.ErrorIs(t, err, conn.ErrClosed)
		require.True(t, conn.NotSent(err))
	}
}

const canary = "c4nary-Pass'w\"ord-that-is-long-enough-to-be-cut-off-when-it-is-echoed-by-servers-which-echo-only-the-beginning-of-long-arguments"

// shown is everything that fmt makes of v.
func shown(v any) string {
	return fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v)
}

func requireHidden(t *testing.T, v any) {
	t.Helper()
	text := shown(v)
	for _, secret := range []string{canary[:8], fmt.Sprintf("%x", canary[:8])} {
		require.NotContains(t, text, secret)
	}
}

func TestDialerHidesThePassword(t *testing.T) {
	d := conn.Dialer{Username: "bob", Password: canary, DB: 3, Timeout: time.Second}
	requireHidden(t, d)
	requireHidden(t, &d)
	requireHidden(t, struct{ D conn.Dialer }{d})
	require.Contains(t, d.String(), "bob")
}

// Whatever a server makes of the password, no error shows it.
func TestErrorsHideThePassword(t *testing.T) {
	echoing := func(format string) redistest.Handler {
		return func(s *redistest.Session, args []string) {
			all := strings.Join(args, " ")
			s.Error(fmt.Sprintf(format, all, canary))
		}
	}
	short := func(s *redistest.Session, args []string) { s.Error("ERR unknown: " + strings.Join(args, "|")[:40]) }
	for name, h := range map[string]redistest.Handler{
		"Redis 5, wrong":   redistest.Redis(redistest.Options{NoHello: true, Password: "other"}),
		"Redis 7, wrong":   redistest.Redis(redistest.Options{Password: "other"}),
		"no such command":  redistest.Redis(redistest.Options{Unknown: []string{"HELLO", "AUTH"}}),
		"echoes all":       echoing("ERR what is %s"),
		"echoes first":     echoing("%[2]s is no password"),
		"WRONGPASS":        echoing("WRONGPASS %[2]s"),
		"echoes cut":       short,
		"echoes as string": func(s *redistest.Session, args []string) { s.Bulk(strings.Join(args, " ")) },
		"echoes raw":       func(s *redistest.Session, args []string) { s.Raw(strings.Join(args, "\r\n")) },
	} {
		for _, protocol := range []int{0, 2} {
			t.Run(fmt.Sprint(name, protocol), func(t *testing.T) {
				client, server := redistest.Pipe()
				go redistest.Serve(server, h)
				d := over(client, conn.Dialer{Password: canary, DB: 1, Protocol: protocol, Timeout: 100 * time.Millisecond})
				c, err := d.Dial(t.Context(), "tcp", "memory:0")
				if err == nil { // an echo of AUTH as a string passes for success, as any string does
					_ = c.Close()
					return
				}
				var e *resp.Error
				if errors.As(err, &e) {
					require.NotContains(t, e.Message, canary[:8])
				}
				for ; err != nil; err = errors.Unwrap(err) {
					requireHidden(t, err)
				}
			})
		}
	}
}
