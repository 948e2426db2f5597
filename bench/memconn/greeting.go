package memconn

import (
	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/resp"
)

// greeting returns the reply to a command that clients send of their own accord; ok is false for those that somebody asked for.
func greeting(command []byte) (reply []byte, ok bool) {
	var r resp.Reply
	r.Reset(command)
	args := r.Args(nil)
	if len(args) == 0 {
		return nil, false
	}
	switch string(args[0]) {
	case "HELLO", "hello":
		return bench.AppendHello(nil), true
	case "PING", "ping":
		return resp.AppendSimple(nil, "PONG"), true
	case "CLIENT", "client", "SELECT", "select", "READONLY":
		return resp.AppendSimple(nil, "OK"), true
	}
	return nil, false
}
