package dial

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// Bare is a connection for bare writes and reads, which is logged in and has its database when that takes a command. It speaks RESP2.
func (t Target) Bare(ctx context.Context) (net.Conn, error) {
	nc, err := t.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.logIn(nc); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return nc, nil
}

func (t Target) logIn(nc net.Conn) error {
	var q resp.Request
	if t.Password != "" {
		q.Cmd("AUTH")
		if t.User != "" {
			q.Str(t.User)
		}
		q.Str(t.Password)
	}
	if t.DB != 0 {
		q.Cmd("SELECT").Str(strconv.Itoa(t.DB))
	}
	if q.Len() == 0 {
		return nil
	}
	if _, err := nc.Write(q.Encoded()); err != nil {
		return err
	}
	return expect(nc, bytes.Repeat([]byte("+OK\r\n"), q.Len()))
}

// expect reads as much as is wanted, or an error.
func expect(nc net.Conn, want []byte) error {
	got := make([]byte, 0, 1024)
	for len(got) < len(want) {
		n, err := nc.Read(got[len(got):cap(got)])
		if err != nil {
			return err
		}
		got = got[:len(got)+n]
		if !bytes.HasPrefix(want, got) {
			return fmt.Errorf("the server refuses: %.200q", got)
		}
	}
	return nil
}
