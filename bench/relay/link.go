package relay

import (
	"bytes"
	"net"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// A link is one connection through the relay.
type link struct {
	client net.Conn
	done   chan struct{} // closed when it has ended

	mu       sync.Mutex
	upstream net.Conn // nil while dialling. Guarded by mu
	ended    bool     // guarded by mu
}

// connected reports false when the link has ended meanwhile.
func (l *link) connected(upstream net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.upstream = upstream
	return !l.ended
}

// end closes both connections, that of the client with an RST when reset is set.
func (l *link) end(reset bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.done)
	if tcp, ok := l.client.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = l.client.Close()
	if l.upstream != nil {
		_ = l.upstream.Close()
	}
}

// readSize is what is passed on at a time.
const readSize = 16 << 10

// pass copies one direction until it ends, and then ends the link. Where edit is not nil it does so frame by frame.
func (r *Relay) pass(l *link, dst, src net.Conn, edit Edit) {
	defer l.end(false)
	frames := framer{edit: edit}
	buf := make([]byte, readSize)
	for {
		n, err := src.Read(buf)
		if !r.passing(l) {
			return
		}
		out, syntax := frames.pass(buf[:n])
		if _, failed := dst.Write(out); failed != nil || err != nil || syntax != nil {
			return
		}
	}
}

// A framer lets whole frames through an Edit. Without one it lets everything through.
type framer struct {
	edit    Edit
	scanner resp.Scanner
	pending []byte // the beginning of a frame
}

func (f *framer) pass(in []byte) (out []byte, err error) {
	if f.edit == nil {
		return in, nil
	}
	f.pending = append(f.pending, in...)
	for {
		n, err := f.scanner.Scan(f.pending)
		if n == 0 || err != nil {
			return out, err
		}
		out = append(out, f.edit(bytes.Clone(f.pending[:n]))...)
		f.pending = f.pending[n:]
	}
}
