package pool_test

import (
	"context"
	"encoding/json"
	"expvar"
	"fmt"

	"github.com/bwredis/bwredis/pool"
	"github.com/bwredis/bwredis/resp"
)

// All pools of the program. With net/http's default handlers served, it is shown at /debug/vars.
var redis = expvar.NewMap("redis")

func ExamplePool_Var() {
	p, err := pool.New(pool.Config{Dial: memory()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	redis.Set("sessions", p.Var())

	var q resp.Request
	q.Cmd("PING")
	fmt.Println(p.RoundTrip(context.Background(), &q, nil))

	var shown struct {
		Sessions struct{ Open, Dials, ClosedDead int }
	}
	fmt.Println(json.Unmarshal([]byte(expvar.Get("redis").String()), &shown))
	fmt.Printf("%+v\n", shown)
	// Output:
	// <nil>
	// <nil>
	// {Sessions:{Open:1 Dials:1 ClosedDead:0}}
}
