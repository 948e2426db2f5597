package bench

import (
	"net"

	"github.com/bwredis/bwredis/resp"
)

// ServeOK listens on loopback and answers HELLO as a server does, and every other command with the same reply. It is a server's best case: it executes
// nothing. close ends it, and the connections with it when their clients are gone.
func ServeOK(reply []byte) (addr string, close func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go Answer(nc, func(out []byte, args [][]byte) ([]byte, bool) { return appendAnswer(out, args, reply), true })
		}
	}()
	return l.Addr().String(), l.Close, nil
}

// Answer serves one connection until it ends, or until answer says that nothing is to follow. answer appends its reply to out, which leaves when all
// commands that arrived together have been answered. args are borrowed until it returns.
func Answer(nc net.Conn, answer func(out []byte, args [][]byte) (reply []byte, more bool)) {
	defer nc.Close()
	var scanner resp.Scanner
	var r resp.Reply
	var args [][]byte
	in, out := make([]byte, 0, 64<<10), make([]byte, 0, 64<<10)
	for more := true; more; {
		n, err := nc.Read(in[len(in):cap(in)])
		if err != nil {
			return
		}
		in = in[:len(in)+n]
		rest := in
		for more && len(rest) > 0 {
			n, err := scanner.Scan(rest)
			if err != nil {
				return
			}
			if n == 0 {
				break
			}
			r.Reset(rest[:n:n])
			if args = r.Args(args[:0]); len(args) == 0 {
				return
			}
			out, more = answer(out, args)
			rest = rest[n:]
		}
		in = in[:copy(in, rest)]
		scanner.Reset()
		if len(in) == cap(in) {
			in = append(in, make([]byte, cap(in))...)[:len(in)]
		}
		if _, err := nc.Write(out); err != nil {
			return
		}
		out = out[:0]
	}
}

func appendAnswer(dst []byte, args [][]byte, reply []byte) []byte {
	if string(args[0]) != "HELLO" {
		return append(dst, reply...)
	}
	return AppendHello(dst)
}

// AppendHello appends what clients look at of a server's answer to HELLO 3.
func AppendHello(dst []byte) []byte {
	dst = resp.AppendAggregate(dst, resp.Map, 5, 3)
	dst = resp.AppendBulk(resp.AppendBulk(dst, "server"), "redis")
	dst = resp.AppendBulk(resp.AppendBulk(dst, "version"), "8.0.0")
	dst = resp.AppendInt(resp.AppendBulk(dst, "proto"), 3)
	dst = resp.AppendBulk(resp.AppendBulk(dst, "mode"), "standalone")
	return resp.AppendBulk(resp.AppendBulk(dst, "role"), "master")
}
