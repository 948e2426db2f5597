package sentinel_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/bwredis/bwredis/conn"
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

// A pool that follows the master: writes wait while a failover is under way, and go to the new master then.
func ExampleResolver_Watch() {
	servers := &conn.Dialer{Password: "of the servers", Timeout: 5 * time.Second}
	resolver, err := sentinel.New(sentinel.Config{
		Addrs:  []string{"sentinel-1:26379", "sentinel-2:26379", "sentinel-3:26379"},
		Master: "mymaster",
		Dialer: &conn.Dialer{Password: "of the sentinels"},
		Reach:  sentinel.AddressMap{"172.17.0.2": "redis-1.example", "172.17.0.3": "redis-2.example"}.Reach,
		Logger: slog.Default(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := pool.New(pool.Config{Dial: resolver.Dial(servers, sentinel.Master), Gate: resolver.Gate})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- resolver.Watch(ctx, servers, func(s sentinel.Switch) {
			p.Switch(time.Second / 2)
		})
	}()
	// … requests through p …
	_ = p.Close() // first, so that nothing that is held goes on to the old master
	stop()
	<-done
}
