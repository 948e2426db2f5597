package redistest

import (
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScripted(t *testing.T) {
	h := Scripted(t,
		Step{Want: "HELLO 3", Reply: "-ERR no\r\n"},
		Step{Want: "AUTH …", Reply: "+OK\r\n"},
		Step{Want: `SET k "a b"`},
		Step{Want: "GET k", Reply: "$3\r\na", Then: Cut},
		Step{Want: "PING", Reply: "+PONG\r\n"}) // from another connection
	assert.Equal(t, "-ERR no\r\n+OK\r\n$3\r\na", script(t, func(c *Session, args []string) {
		if args[0] == "SET" {
			args[2] = "a b"
		}
		h(c, args)
	}, "HELLO 3", "AUTH secret", "SET k ?", "GET k"))
	assert.Equal(t, "+PONG\r\n", script(t, h, "PING"))
}

// scolded runs commands against a script in a test of its own and returns what that had to say.
func scolded(t *testing.T, steps []Step, lines ...string) (out string, errors []string) {
	r := &recorder{}
	t.Run("inner", func(inner *testing.T) {
		r.TB = inner
		out = script(inner, Scripted(r, steps...), lines...)
	})
	return out, r.errors
}

func TestScriptedSaysWhatIsWrong(t *testing.T) {
	steps := []Step{{Want: "PING", Reply: "+1\r\n"}, {Want: "ECHO a…", Reply: "+2\r\n"}}
	out, errors := scolded(t, steps, "PING", "ECHO b", "ECHO abc", "PING")
	assert.Equal(t, "+1\r\n-ERR not in the script\r\n+2\r\n-ERR not in the script\r\n", out)
	assert.Equal(t, []string{
		"redistest: step 2 of 2: wanted ECHO a…, got ECHO b",
		"redistest: after all 2 steps came PING",
	}, errors)
	_, errors = scolded(t, steps, "PING")
	assert.Equal(t, []string{"redistest: step 2 of 2 never came: ECHO a…"}, errors)
	_, errors = scolded(t, steps, "PING", "ECHO a")
	assert.Empty(t, errors)
}

func TestScriptedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := func(then Action) net.Conn {
			client, server := Pipe()
			go Serve(server, Scripted(t, Step{Want: "X", Reply: "+x\r\n", Then: then}))
			require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Second)))
			write(t, client, request("X"))
			return client
		}
		for _, then := range []Action{Cut, HalfClose} {
			client := begin(then)
			got, err := io.ReadAll(client)
			require.NoError(t, err)
			assert.Equal(t, "+x\r\n", string(got))
			synctest.Wait()
			_, err = client.Write([]byte("*"))
			assert.Equal(t, then == HalfClose, err == nil)
			require.NoError(t, client.Close())
		}
		_, err := io.ReadAll(begin(Reset))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		stalled := begin(Stall)
		got, err := io.ReadAll(stalled)
		wantTimeout(t, err)
		assert.Equal(t, "+x\r\n", string(got))
		write(t, stalled, request("Y")) // is not read as a command, which would fail the test
		synctest.Wait()
		require.NoError(t, stalled.Close())
	})
}
