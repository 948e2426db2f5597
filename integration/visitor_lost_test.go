package integration

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/redistest"
)

// A visitor's session is saved over connections that end after every number of bytes of what the server answers. Whatever the first save says, the visitor's cookie then
// names the session, unless the error says that it may not; a second save succeeds, and leaves one session.
func TestVisitorSaveOverConnectionsThatEnd(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		settings := with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))
		proxy := redistest.NewProxy(t, server.Addr)
		host, port, err := net.SplitHostPort(proxy.Addr())
		require.NoError(t, err)
		behind := with(settings, "REDIS_HOST", host, "REDIS_PORT", port)
		control := open(t, settings)
		var failed, unknown, repeated int
		for after := 1; after < 1000; after++ {
			s := savedVisitor(t, control)
			outcome := saveOverConnectionsThatEnd(t, control, proxy, behind, after, cookieOfVisitor(s))
			switch outcome {
			case "failed":
				failed++
			case "unknown":
				failed++
				unknown++
			default:
				repeated++
			}
			if outcome == "whole" {
				break
			}
		}
		t.Log("failed", failed, "of them unknown", unknown, "succeeded", repeated)
		require.Positive(t, unknown)
		require.Positive(t, repeated)
	})
}
