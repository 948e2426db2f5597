package sentinel_test

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
	"github.com/bwredis/bwredis/sentinel"
)

// A pool whose connections go to whoever is the master when they are dialled.
func ExampleResolver_Dial() {
	net := network{ // stands for the real one
		"sentinel-2:26379": watch{host: "10.0.0.7", port: "6379"}.handler(),
		"10.0.0.7:6379":    is(sentinel.Master),
	}
	resolver, err := sentinel.New(sentinel.Config{
		Addrs:  []string{"sentinel-1:26379", "sentinel-2:26379"}, // the first one is down
		Master: "mymaster",
		Dialer: net.dialer(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := pool.New(pool.Config{Dial: resolver.Dial(net.dialer(), sentinel.Master)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()

	var q resp.Request
	q.Cmd("PING")
	err = p.RoundTrip(context.Background(), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		fmt.Println(r.Text())
		return r.Err()
	}))
	if err != nil {
		fmt.Println(err)
	}
	// Output: PONG
}
