package conn_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
)

// server is a stand-in for one at 127.0.0.1:6379.
func server(context.Context, string, string) (net.Conn, error) {
	client, end := redistest.Pipe()
	go redistest.Serve(end, redistest.Redis(redistest.Options{Password: "secret"}))
	return client, nil
}

func ExampleConn_Do() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d := conn.Dialer{Password: "secret", Timeout: time.Second, DialContext: server}
	c, err := d.Dial(ctx, "tcp", "127.0.0.1:6379")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.Close() }()

	if _, err := c.Do(ctx, "SET", "greeting", "hello"); err != nil {
		fmt.Println(err)
		return
	}
	v, err := c.Do(ctx, "GET", "greeting")
	fmt.Println(v, err)
	v, err = c.Do(ctx, "GET", "farewell")
	fmt.Println(v.IsNull(), err)
	_, err = c.Do(ctx, "INCR", "greeting")
	fmt.Println(err, resp.IsCode(err, "ERR"))
	// Output:
	// "hello" <nil>
	// true <nil>
	// redis: ERR value is not an integer or out of range true
}

// A handler reads the reply where it lies, without copies.
func ExampleConn_RoundTrip() {
	ctx := context.Background()
	d := conn.Dialer{Password: "secret", DialContext: server}
	c, err := d.Dial(ctx, "tcp", "127.0.0.1:6379")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.Close() }()

	var q resp.Request
	q.Cmd("INCR").Str("visits")
	var visits int64
	err = c.RoundTrip(ctx, &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		visits = r.Int()
		return r.Err()
	}))
	fmt.Println(visits, err)
	// Output:
	// 1 <nil>
}

// The commands of one request travel together, and so do their replies.
func ExampleConn_RoundTrip_pipelined() {
	ctx := context.Background()
	d := conn.Dialer{Password: "secret", DialContext: server}
	c, err := d.Dial(ctx, "tcp", "127.0.0.1:6379")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.Close() }()

	var q resp.Request
	q.Cmd("SET").Str("a").Int(1)
	q.Cmd("INCR").Str("a")
	q.Cmd("GET").Str("a")
	err = c.RoundTrip(ctx, &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		fmt.Println(i, r.Text())
		return r.Err()
	}))
	fmt.Println(err)
	// Output:
	// 0 OK
	// 1 2
	// 2 2
	// <nil>
}
