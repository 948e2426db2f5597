package harness

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const wireTimeout = 10 * time.Second // for one exchange of the harness's own: generous, as dockerTimeout is

// wire is the harness's own client: just enough RESP2 to ask a server how it is. The client under test is
// not used for that, or its bugs would hide here.
type wire struct {
	conn net.Conn
	r    *bufio.Reader
}

// replyError is an error reply.
type replyError string

func (e replyError) Error() string { return string(e) }

// dialWire connects, with TLS when config is not nil, and authenticates when there is a password.
func dialWire(addr string, config *tls.Config, username, password string) (*wire, error) {
	dialer := &net.Dialer{Timeout: wireTimeout}
	conn, err := dialer.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if config != nil {
		conn = tls.Client(conn, config)
	}
	w := &wire{conn: conn, r: bufio.NewReader(conn)}
	if password != "" {
		auth := []string{"AUTH", password}
		if username != "" {
			auth = []string{"AUTH", username, password}
		}
		if _, err := w.do(auth...); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return w, nil
}

func (w *wire) close() { _ = w.conn.Close() }

// do sends one command and returns its reply: a string, an int64, nil or a []any of those. An error reply
// is a replyError.
func (w *wire) do(args ...string) (any, error) {
	if err := w.conn.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return nil, err
	}
	request := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, arg := range args {
		request = fmt.Appendf(request, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := w.conn.Write(request); err != nil {
		return nil, err
	}
	return w.read()
}

func (w *wire) read() (any, error) {
	line, err := w.r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return nil, errors.New("empty reply line")
	}
	switch line[0] {
	case '+':
		return line[1:], nil
	case '-':
		return nil, replyError(line[1:])
	}
	n, err := strconv.ParseInt(line[1:], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("reply %q: %w", line, err)
	}
	switch {
	case line[0] == ':':
		return n, nil
	case n < 0:
		return nil, nil
	case line[0] == '$':
		text := make([]byte, n+2)
		_, err := io.ReadFull(w.r, text)
		return string(text[:n]), err
	case line[0] == '*':
		return w.readArray(int(n))
	}
	return nil, fmt.Errorf("reply %q: not RESP2", line)
}

func (w *wire) readArray(n int) ([]any, error) {
	array := make([]any, n)
	for i := range array {
		element, err := w.read()
		if errors.As(err, new(replyError)) {
			element, err = err.Error(), nil
		}
		if err != nil {
			return nil, err
		}
		array[i] = element
	}
	return array, nil
}

// fields turns a flat array of names and values, as Sentinel answers, into a map.
func fields(reply any) map[string]string {
	array, _ := reply.([]any)
	m := make(map[string]string, len(array)/2)
	for i := 0; i+1 < len(array); i += 2 {
		m[fmt.Sprint(array[i])] = fmt.Sprint(array[i+1])
	}
	return m
}
