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
			go answer(nc, reply)
		}
	}()
	return l.Addr().String(), l.Close, nil
}

// answer serves one connection until it ends.
func answer(nc net.Conn, reply []byte) {
	defer nc.Close()
	var scanner resp.Scanner
	in, out := make([]byte, 0, 64<<10), make([]byte, 0, 64<<10)
	for {
		n, err := nc.Read(in[len(in):cap(in)])
		if err != nil {
			return
		}
		in = in[:len(in)+n]
		rest := in
		for len(rest) > 0 {
			n, err := scanner.Scan(rest)
			if err != nil {
				return
			}
			if n == 0 {
				break
			}
			out = appendAnswer(out, rest[:n], reply)
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

// appendAnswer tells HELLO from the rest: it is the only command of five letters that a client of this module sends.
func appendAnswer(dst, command, reply []byte) []byte {
	var r resp.Reply
	r.Reset(command)
	r.Array()
	if string(r.Bytes()) != "HELLO" {
		return append(dst, reply...)
	}
	dst = resp.AppendAggregate(dst, resp.Map, 3, 3)
	dst = resp.AppendBulk(resp.AppendBulk(dst, "server"), "responder")
	dst = resp.AppendBulk(resp.AppendBulk(dst, "version"), "0")
	return resp.AppendInt(resp.AppendBulk(dst, "proto"), 3)
}
