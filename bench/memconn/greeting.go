package memconn

import "github.com/bwredis/bwredis/resp"

// greeting returns the reply to a command that clients send of their own accord; ok is false for those that somebody asked for.
func greeting(command []byte) (reply []byte, ok bool) {
	var r resp.Reply
	r.Reset(command)
	r.Array()
	switch string(r.Bytes()) {
	case "HELLO", "hello":
		return hello(), true
	case "PING", "ping":
		return resp.AppendSimple(nil, "PONG"), true
	case "CLIENT", "client", "SELECT", "select", "READONLY":
		return resp.AppendSimple(nil, "OK"), true
	}
	return nil, false
}

// hello is what clients look at of a server's answer to HELLO 3.
func hello() []byte {
	b := resp.AppendAggregate(nil, resp.Map, 5, 3)
	b = resp.AppendBulk(resp.AppendBulk(b, "server"), "redis")
	b = resp.AppendBulk(resp.AppendBulk(b, "version"), "8.0.0")
	b = resp.AppendInt(resp.AppendBulk(b, "proto"), 3)
	b = resp.AppendBulk(resp.AppendBulk(b, "mode"), "standalone")
	return resp.AppendBulk(resp.AppendBulk(b, "role"), "master")
}
