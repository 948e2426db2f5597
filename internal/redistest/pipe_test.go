package redistest

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func read(t *testing.T, c net.Conn, n int) string {
	t.Helper()
	p := make([]byte, n)
	m, err := io.ReadFull(c, p)
	require.NoError(t, err)
	return string(p[:m])
}

func write(t *testing.T, c net.Conn, s string) {
	t.Helper()
	n, err := c.Write([]byte(s))
	require.NoError(t, err)
	require.Equal(t, len(s), n)
}

func wantTimeout(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var ne net.Error
	require.ErrorAs(t, err, &ne)
	require.True(t, ne.Timeout())
}

func TestPipeIsBuffered(t *testing.T) {
	client, server := Pipe()
	write(t, client, "ab")
	write(t, client, "cd")
	write(t, server, "xyz")
	assert.Equal(t, "abc", read(t, server, 3))
	assert.Equal(t, "d", read(t, server, 1))
	assert.Equal(t, "xyz", read(t, client, 3))
}

func TestPipeCountsCallsThatMoveData(t *testing.T) {
	client, server := PipeSize(10)
	_, _ = client.Write(nil)
	write(t, client, "abcd")
	read(t, server, 4)
	require.NoError(t, server.SetReadDeadline(time.Unix(1, 0)))
	_, err := server.Read(make([]byte, 1))
	wantTimeout(t, err)
	assert.Equal(t, [4]int{0, 1, 1, 0}, [4]int{client.Reads(), client.Writes(), server.Reads(), server.Writes()})
}

func TestPipeReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := Pipe()
		start := time.Now()
		require.NoError(t, client.SetReadDeadline(start.Add(3*time.Second)))
		_, err := client.Read(make([]byte, 1))
		wantTimeout(t, err)
		assert.Equal(t, 3*time.Second, time.Since(start))

		write(t, server, "x")
		_, err = client.Read(make([]byte, 1))
		wantTimeout(t, err) // as for a socket: the deadline wins over data
		require.NoError(t, client.SetReadDeadline(time.Time{}))
		assert.Equal(t, "x", read(t, client, 1))
	})
}

func TestPipeDeadlineMovesUnderAWaitingCall(t *testing.T) {
	for name, move := range map[string]struct {
		to   time.Duration // from now, when one second has passed
		want time.Duration
	}{
		"earlier": {time.Second, 2 * time.Second},
		"later":   {9 * time.Second, 10 * time.Second},
		"past":    {-time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, _ := PipeSize(0)
				start := time.Now()
				require.NoError(t, client.SetDeadline(start.Add(5*time.Second)))
				var wg sync.WaitGroup
				for _, call := range []func([]byte) (int, error){client.Read, client.Write} {
					wg.Go(func() {
						_, err := call(make([]byte, 1))
						assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
						assert.Equal(t, move.want, time.Since(start))
					})
				}
				time.Sleep(time.Second)
				require.NoError(t, client.SetDeadline(time.Now().Add(move.to)))
				wg.Wait()
			})
		})
	}
}

func TestPipeFullBufferBlocksWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := PipeSize(4)
		done := false
		go func() {
			write(t, client, "abcdefghij")
			done = true
		}()
		synctest.Wait()
		assert.False(t, done)
		assert.Equal(t, "abcd", read(t, server, 4))
		synctest.Wait()
		assert.False(t, done)
		assert.Equal(t, "efghij", read(t, server, 6))
		synctest.Wait()
		assert.True(t, done)
		assert.Equal(t, 1, client.Writes())
	})
}

func TestPipeWriteDeadlineReportsWhatPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := PipeSize(4)
		require.NoError(t, client.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := client.Write([]byte("abcdefghij"))
		wantTimeout(t, err)
		assert.Equal(t, 4, n)
		assert.Equal(t, "abcd", read(t, server, 4))
	})
}

func TestPipeClose(t *testing.T) {
	client, server := Pipe()
	write(t, client, "last")
	require.NoError(t, client.Close())
	require.ErrorIs(t, client.Close(), net.ErrClosed)
	require.ErrorIs(t, client.SetDeadline(time.Now()), net.ErrClosed)
	_, err := client.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = client.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)

	assert.Equal(t, "last", read(t, server, 4))
	for range 2 {
		_, err = server.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		_, err = server.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
	}
	require.NoError(t, server.Close())
}

func TestPipeCloseWakesEveryWaitingCall(t *testing.T) {
	for name, end := range map[string]struct {
		by          func(client, server *Conn)
		read, write error
	}{
		"own close":  {func(c, _ *Conn) { _ = c.Close() }, net.ErrClosed, net.ErrClosed},
		"peer close": {func(_, s *Conn) { _ = s.Close() }, io.EOF, syscall.EPIPE},
		"peer reset": {func(_, s *Conn) { s.Reset() }, syscall.ECONNRESET, syscall.ECONNRESET},
		"own reset":  {func(c, _ *Conn) { c.Reset() }, net.ErrClosed, net.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := PipeSize(0)
				for range 3 {
					go func() {
						_, err := client.Read(make([]byte, 1))
						assert.ErrorIs(t, err, end.read)
					}()
					go func() {
						_, err := client.Write([]byte("x"))
						assert.ErrorIs(t, err, end.write)
					}()
				}
				synctest.Wait()
				end.by(client, server)
			})
		})
	}
}

func TestPipeCloseWrite(t *testing.T) {
	client, server := PipeSize(100)
	write(t, client, "request")
	require.NoError(t, client.CloseWrite())
	_, err := client.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.EPIPE)
	assert.Equal(t, "request", read(t, server, 7))
	_, err = server.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	write(t, server, "reply")
	assert.Equal(t, "reply", read(t, client, 5))
	require.NoError(t, client.Close())
	require.Error(t, client.CloseWrite())
}

func TestPipeResetLosesUnreadData(t *testing.T) {
	client, server := PipeSize(100)
	write(t, server, "lost")
	server.Reset()
	_, err := client.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	_, err = client.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.NoError(t, client.Close())
}

func TestPipeKeepsConcurrentWritesApart(t *testing.T) {
	client, server := PipeSize(7)
	var wg sync.WaitGroup
	for _, c := range "abcdefgh" {
		wg.Go(func() {
			for range 50 {
				_, err := client.Write(bytes.Repeat([]byte{byte(c)}, 20))
				assert.NoError(t, err)
			}
		})
	}
	for range 8 * 50 {
		p := read(t, server, 20)
		require.Equal(t, bytes.Repeat([]byte{p[0]}, 20), []byte(p))
	}
	wg.Wait()
}

func TestPipeAllocatesNothing(t *testing.T) {
	client, server := Pipe()
	p := make([]byte, 1000)
	turn := func() {
		_ = server.SetReadDeadline(time.Now().Add(time.Hour))
		_, _ = client.Write(p)
		_, _ = server.Read(p)
	}
	turn()
	assert.Zero(t, testing.AllocsPerRun(100, turn))
}
