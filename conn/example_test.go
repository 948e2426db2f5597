package conn_test

import (
	"context"
	"errors"
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

var (
	hub           redistest.Hub
	serverScripts = redistest.Override(map[string]redistest.Handler{
		"EVALSHA": func(s *redistest.Session, _ []string) { s.Error("NOSCRIPT No matching script. Please use EVAL.") },
		"EVAL":    func(s *redistest.Session, _ []string) { s.Int(1) },
	}, redistest.Redis(redistest.Options{}))
)

// fullServer is another, which publishes and runs a script.
func fullServer(context.Context, string, string) (net.Conn, error) {
	client, end := redistest.Pipe()
	go redistest.Serve(end, hub.Handler(serverScripts))
	return client, nil
}

func connect(d conn.Dialer) *conn.Conn {
	d.DialContext = fullServer
	c, err := d.Dial(context.Background(), "tcp", "127.0.0.1:6379")
	if err != nil {
		panic(err)
	}
	return c
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

// A script goes out by its SHA-1. A server that does not know it is sent the text; the caller does not notice.
func ExampleConn_RoundTrip_script() {
	ctx := context.Background()
	c := connect(conn.Dialer{})
	defer func() { _ = c.Close() }()

	limit := resp.NewScript(`local n = redis.call("INCR", KEYS[1])
if n == 1 then redis.call("EXPIRE", KEYS[1], ARGV[1]) end
return n`)
	var q resp.Request
	q.Script(limit, "requests:192.0.2.1").Int(60)
	q.Cmd("PING")
	err := c.RoundTrip(ctx, &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		fmt.Println(i, r.Value())
		return r.Err()
	}))
	fmt.Println(err)
	// Output:
	// 0 1
	// 1 PONG
	// <nil>
}

func ExampleSubscribe() {
	ctx := context.Background()
	d := conn.Dialer{DialContext: fullServer, PubSub: true, Timeout: time.Second}
	dial := func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", "127.0.0.1:6379") }
	s, err := conn.Subscribe(ctx, dial, conn.Channels{Names: []string{"bans"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()

	c := connect(conn.Dialer{})
	defer func() { _ = c.Close() }()
	_, _ = c.Do(ctx, "PUBLISH", "bans", "192.0.2.1")

	m, err := s.Next(ctx)
	switch {
	case err != nil:
		fmt.Println(err) // the context ended, or the server refuses us
	case m.Gap != nil:
		fmt.Println("read everything anew: messages may have been missed since", m.Gap.From)
	default:
		fmt.Println(m.Channel, m.Payload)
	}
	// Output:
	// bans 192.0.2.1
}

func ExampleTrace() {
	ctx := context.Background()
	c := connect(conn.Dialer{Trace: &conn.Trace{
		Handshake: func(h conn.HandshakeTrace) { fmt.Println("ready:", h.Hello.Server, h.Err) },
		RoundTrip: func(r conn.RoundTripTrace) { fmt.Println(r.Command, r.Commands, r.Err) },
		Close:     func(e conn.CloseTrace) { fmt.Println("closed:", errors.Is(e.Err, conn.ErrClosed)) },
	}})
	_, _ = c.Do(ctx, "SET", "password", "not shown")
	_ = c.Close()
	// Output:
	// ready: redis <nil>
	// SET 1 <nil>
	// closed: true
}
