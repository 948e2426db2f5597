package bwhttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/bwstate/bwhttp"
)

func ExampleRateLimit() {
	state, err := bwstate.Open(context.Background(), bwstate.Settings{}) // the embedded store
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Close()
	limits, err := state.Limits(bwstate.LimitsConfig{WhenAway: bwstate.LocalWhenAway})
	if err != nil {
		fmt.Println(err)
		return
	}
	limit, err := bwhttp.RateLimit(bwhttp.RateLimitConfig{
		Limits:  limits,
		For:     bwhttp.PerVisitor("api", bwstate.Rate{Limit: 1, Window: time.Minute}),
		OnError: bwhttp.PassOnError,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := limit(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	for range 2 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		fmt.Printf("%d %s %q\n", w.Code, w.Header().Get("RateLimit"), w.Header().Get("Retry-After"))
	}
	// Output:
	// 200 "api";r=0;t=60 ""
	// 429 "api";r=0;t=60 "60"
}
