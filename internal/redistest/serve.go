package redistest

import (
	"net"
	"slices"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// A Handler answers one command: args[0] is its name as it was sent, and there is always one. It may also answer nothing, push, stall,
// close or reset. The handlers of one connection run one after the other, those of several connections at the same time.
type Handler func(c *Session, args []string)

// Override answers the commands that overrides names and leaves the others to next. A key is a command's name, or a name and its
// subcommand as in "CLIENT SETNAME", in any case.
func Override(overrides map[string]Handler, next Handler) Handler {
	byName := make(map[string]Handler, len(overrides))
	for name, h := range overrides {
		byName[strings.ToUpper(name)] = h
	}
	return func(c *Session, args []string) {
		name := strings.ToUpper(args[0])
		h, ok := byName[name]
		if len(args) > 1 {
			if sub, found := byName[name+" "+strings.ToUpper(args[1])]; found {
				h, ok = sub, true
			}
		}
		if !ok {
			h = next
		}
		h(c, args)
	}
}

const (
	readSize   = 16 << 10  // as servers read
	maxRequest = 512 << 20 // proto-max-bulk-len
)

// Serve answers the commands that arrive on nc until the connection ends, and closes it. Whatever is not an array of bulk
// strings gets the protocol error that servers give, and ends the connection; there are no inline commands.
func Serve(nc net.Conn, h Handler) {
	c := newSession(nc)
	defer c.end()
	scanner := resp.Scanner{MaxFrame: maxRequest}
	in := make([]byte, 0, readSize)
	start := 0 // of the command that is next in in
	for !c.ended() {
		n, err := scanner.Scan(in[start:])
		switch {
		case err != nil:
			refuse(c, "invalid request")
		case n > 0:
			answer(c, in[start:start+n], h)
			start += n
		default:
			c.Flush() // everything that arrived has been answered
			in, start = append(in[:0], in[start:]...), 0
			if in, err = readMore(nc, in); err != nil {
				return
			}
		}
	}
}

// readMore appends what one Read returns, and fails only when that is nothing.
func readMore(nc net.Conn, in []byte) ([]byte, error) {
	if len(in) == cap(in) {
		in = slices.Grow(in, len(in)+readSize)
	}
	n, err := nc.Read(in[len(in):cap(in)])
	if n > 0 {
		err = nil
	}
	return in[:len(in)+n], err
}

// answer hands one command to its handler. An empty one is skipped, as servers do.
func answer(c *Session, frame []byte, h Handler) {
	var r resp.Reply
	r.Reset(frame)
	borrowed := r.Args(make([][]byte, 0, 8))
	if r.Err() != nil {
		refuse(c, "expected an array of bulk strings")
		return
	}
	args := make([]string, len(borrowed))
	for i, b := range borrowed {
		args[i] = string(b)
	}
	if len(args) > 0 {
		h(c, args)
	}
}

func refuse(c *Session, problem string) {
	c.Error("ERR Protocol error: " + problem)
	c.Close()
}
