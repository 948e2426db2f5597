package memconn

import (
	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/resp"
)

// greeting returns the reply to a command that clients send of their own accord, and the version of RESP if it asks for one; ok is false for commands that somebody asked for.
func greeting(command []byte) (reply []byte, version string, ok bool) {
	var r resp.Reply
	r.Reset(command)
	args := r.Args(nil)
	if len(args) == 0 {
		return nil, "", false
	}
	switch string(args[0]) {
	case "HELLO", "hello":
		if len(args) > 1 {
			version = string(args[1])
		}
		return bench.AppendHello(nil), version, true
	case "PING", "ping":
		return resp.AppendSimple(nil, "PONG"), "", true
	case "CLIENT", "client", "SELECT", "select", "READONLY":
		return resp.AppendSimple(nil, "OK"), "", true
	}
	return nil, "", false
}
