package bench

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/bwredis/bwredis/bwstate"
)

// The figures mean nothing if the responder answers wrongly.
func TestResponder(t *testing.T) {
	addr, stop, err := ServeOK([]byte("$5\r\nhello\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	host, port, _ := strings.Cut(addr, ":")
	settings, err := bwstate.ParseSettings(func(name string) string {
		return map[string]string{"USE_REDIS": "yes", "REDIS_HOST": host, "REDIS_PORT": port}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	state, err := bwstate.Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for range 100 {
				v, err := state.Do(context.Background(), "GET", strconv.Itoa(i)+strings.Repeat("k", 5000))
				if text, _ := v.Text(); err != nil || text != "hello" {
					t.Errorf("got %v, %v", v, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
