package redistest

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A setClient is a connection to a host of a set.
type setClient struct {
	t  *testing.T
	nc net.Conn
	in []byte
}

func dialSet(t *testing.T, s *Set, addr string) *setClient {
	t.Helper()
	nc, err := s.DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = nc.Close() })
	return &setClient{t: t, nc: nc}
}

func (c *setClient) send(line string) error {
	var q resp.Request
	words := strings.Fields(line)
	q.Cmd(words[0]).Args(words[1:]...)
	_, err := c.nc.Write(q.Encoded())
	return err
}

// next returns the next frame as a person would write it, or the error of the connection.
func (c *setClient) next() (string, error) {
	var s resp.Scanner
	for {
		n, err := s.Scan(c.in)
		require.NoError(c.t, err)
		if n > 0 {
			var r resp.Reply
			r.Reset(c.in[:n:n])
			c.in = c.in[n:]
			if e := r.ErrorReply(); e != nil {
				return e.Message, nil
			}
			return r.Value().String(), nil
		}
		if c.in, err = readMore(c.nc, append([]byte(nil), c.in...)); err != nil {
			return "", err
		}
	}
}

// do returns the reply to a command, or the error of the connection.
func (c *setClient) do(line string) string {
	if err := c.send(line); err != nil {
		return err.Error()
	}
	reply, err := c.next()
	if err != nil {
		return err.Error()
	}
	return reply
}

// events subscribes to everything and returns what arrives, each with the time since now: "0.020 +elected-leader master …".
func events(t *testing.T, s *Set, addr string) func() []string {
	t.Helper()
	c, start := dialSet(t, s, addr), time.Now()
	require.NoError(t, c.send("PSUBSCRIBE *"))
	var lines []string
	go func() {
		for first := true; ; first = false {
			line, err := c.next()
			if err != nil {
				return
			}
			if !first {
				line = strings.NewReplacer(`["pmessage", "*", `, "", `"`, "", ",", "", "]", "").Replace(line)
				lines = append(lines, time.Since(start).String()+" "+line)
			}
		}
	}()
	synctest.Wait()
	return func() []string {
		synctest.Wait()
		got := lines
		lines = nil
		return got
	}
}

// inSet runs a test of a set in a bubble.
func inSet(t *testing.T, cfg SetConfig, f func(t *testing.T, s *Set)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, NewSet(t, cfg)) })
}

// dialFor tries to connect for d.
func dialFor(s *Set, addr string, d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	nc, err := s.DialContext(ctx, "tcp", addr)
	if err == nil {
		_ = nc.Close()
	}
	return err
}

const (
	node1     = "10.0.0.1:6379"
	node2     = "10.0.0.2:6379"
	sentinel1 = "10.0.1.1:26379"
	sentinel2 = "10.0.1.2:26379"
	whoMaster = "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"
	isNode1   = `["10.0.0.1", "6379"]`
	isNode2   = `["10.0.0.2", "6379"]`
)

// names asserts whom each sentinel names.
func names(t *testing.T, s *Set, want ...string) {
	t.Helper()
	for i, sentinel := range s.Sentinels {
		assert.Equal(t, want[i], dialSet(t, s, sentinel.Addr()).do(whoMaster), "sentinel %d", i+1)
	}
}
