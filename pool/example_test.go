package pool_test

import (
	"context"
	"fmt"
	"net"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// memory dials a fake server, so that the examples run without a real one.
func memory() func(ctx context.Context) (*conn.Conn, error) {
	handler := redistest.Redis(redistest.Options{})
	d := conn.Dialer{DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, server := redistest.Pipe()
		go redistest.Serve(server, handler)
		return client, nil
	}}
	return func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", "redis:6379") }
}

func Example() {
	p, err := pool.New(pool.Config{Dial: memory(), Keep: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()

	var q resp.Request
	q.Cmd("SET").Str("greeting").Str("hello")
	q.Cmd("GET").Str("greeting")
	err = p.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(i int, r *resp.Reply) error {
		fmt.Println(i, r.Text())
		return r.Err()
	}))
	fmt.Println(err)
	fmt.Println(p.Stats().Idle, "idle")
	// Output:
	// 0 OK
	// 1 hello
	// <nil>
	// 1 idle
}

func ExamplePool_With() {
	p, err := pool.New(pool.Config{Dial: memory()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()

	ctx := context.Background()
	err = p.With(ctx, func(c *conn.Conn) error {
		for range 3 { // nobody else's commands come in between
			if _, err := c.Do(ctx, "INCR", "visits"); err != nil {
				return err
			}
		}
		v, err := c.Do(ctx, "GET", "visits")
		fmt.Println(v)
		return err
	})
	fmt.Println(err)
	// Output:
	// "3"
	// <nil>
}
