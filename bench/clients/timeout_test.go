package clients

import (
	"context"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

// Each library ends a call by itself whose reply does not come, also where the context has no end, and does not try again. (A pool of ours does, for it may read again.)
func TestTimeout(t *testing.T) {
	for _, c := range append(Peers(), OursOn(1)) {
		if !c.IsPlain() && c.Kind != versus.Ours {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			f, target := newFake(t)
			target.Timeout = time.Second
			s, err := c.OpenSmallest(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ask := s.Ask([]Command{Get("silence")})
			ended := make(chan error)
			go func() {
				_, err := ask(context.Background())
				ended <- err
			}()
			select {
			case err := <-ended:
				if err == nil {
					t.Error("there is no error")
				}
			case <-time.After(10 * time.Second):
				t.Error("it waits")
			}
			if got := f.askedFor("GET silence"); got != 1 {
				t.Errorf("it asked %d times", got)
			}
		})
	}
}
