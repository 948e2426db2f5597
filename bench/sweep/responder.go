package main

import (
	"bytes"
	"fmt"
	"net"
	"sync"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/resp"
)

// respond is a site in this process that executes nothing: it has the values that workloads read, and says OK to what they write.
func respond() (*site, error) {
	l, err := net.Listen("tcp", server.Loopback+":0")
	if err != nil {
		return nil, err
	}
	s := &site{
		name: "a responder in this process", responder: true, prefix: prefix,
		tcp: dial.Target{Network: "tcp", Addr: l.Addr().String()}, stop: sync.OnceFunc(func() { _ = l.Close() }),
	}
	go serve(l, s.answers())
	return s, nil
}

// serve answers until the listener ends.
func serve(l net.Listener, replies map[string][]byte) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		go bench.Answer(nc, func(out []byte, args [][]byte) ([]byte, bool) { return appendAnswer(out, args, replies), true })
	}
}

// answers are the replies to GET by key.
func (s *site) answers() map[string][]byte {
	replies := map[string][]byte{}
	for key, value := range s.values() {
		replies[key] = resp.AppendBulk(nil, value)
	}
	return replies
}

// theSHA is what the responder calls any script.
var theSHA = bytes.Repeat([]byte("a"), 40)

func appendAnswer(out []byte, args [][]byte, replies map[string][]byte) []byte {
	switch string(capitals(args[0])) {
	case "GET":
		if reply, ok := replies[string(args[1])]; ok {
			return append(out, reply...)
		}
		return append(out, "$-1\r\n"...)
	case "SET", "CLIENT", "AUTH", "SELECT":
		return resp.AppendSimple(out, "OK")
	case "EVALSHA", "DEL":
		return resp.AppendInt(out, 1)
	case "PTTL":
		return resp.AppendInt(out, noKey)
	case "HELLO":
		return bench.AppendHello(out)
	case "PING":
		return resp.AppendSimple(out, "PONG")
	case "SCRIPT":
		return resp.AppendBulk(out, theSHA)
	case "CLUSTER": // whoever asks learns that there is none
		return resp.AppendError(out, "ERR This instance has cluster support disabled")
	}
	return resp.AppendError(out, fmt.Sprintf("ERR unknown command '%s'", args[0]))
}

// capitals writes a command's name in capitals, in place.
func capitals(name []byte) []byte {
	for i, c := range name {
		if 'a' <= c && c <= 'z' {
			name[i] = c - 'a' + 'A'
		}
	}
	return name
}
