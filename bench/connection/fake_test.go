package main

import (
	"bytes"
	"crypto/tls"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/resp"
)

// fakeSite answers on all ways as a server does that executes nothing.
func fakeSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	cert, err := server.NewCertificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{login: true, version: "fake", sha: "1234", stop: func() {}}
	s.tcp = dial.Target{Network: "tcp", Addr: serve(t, "tcp", server.Loopback+":0", nil)}
	s.unix = &dial.Target{Network: "unix", Addr: serve(t, "unix", filepath.Join(dir, "socket"), nil)}
	secured := &tls.Config{Certificates: []tls.Certificate{cert.Pair}}
	s.tls = &dial.Target{Network: "tcp", Addr: serve(t, "tcp", server.Loopback+":0", secured), TLS: cert.Client}
	return s
}

func serve(t *testing.T, network, addr string, config *tls.Config) string {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			if config != nil {
				nc = tls.Server(nc, config)
			}
			go bench.Answer(nc, fakeAnswer)
		}
	}()
	return l.Addr().String()
}

var fakeValues = map[string][]byte{
	shortKey:                valueOf(64),
	largeKey(largeSizes[0]): valueOf(largeSizes[0]),
	largeKey(largeSizes[1]): valueOf(largeSizes[1]),
}

const fakeInfo = "# Stats\r\ntotal_commands_processed:20\r\ntotal_reads_processed:10\r\n"

func fakeAnswer(out []byte, args [][]byte) ([]byte, bool) {
	switch string(bytes.ToUpper(args[0])) {
	case "HELLO":
		return bench.AppendHello(out), true
	case "GET":
		return resp.AppendBulk(out, fakeValues[string(args[1])]), true
	case "PING":
		return resp.AppendSimple(out, "PONG"), true
	case "EVALSHA", "DEL":
		return resp.AppendInt(out, 7), true
	case "INFO":
		return resp.AppendBulk(out, fakeInfo), true
	case "SCRIPT":
		return resp.AppendBulk(out, strings.Repeat("a", 40)), true
	case "SET", "CLIENT", "AUTH", "SELECT":
		return resp.AppendSimple(out, "OK"), true
	}
	return resp.AppendError(out, "ERR unknown command"), true
}
