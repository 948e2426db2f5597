package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/sentinels"
	"github.com/bwredis/bwredis/conn"
)

const switchMaster = "+switch-master"

// A switchover is when the first sentinel told of a new master, and which.
type switchover struct {
	at time.Time
	to string // its address, as announced
}

// A watcher listens to all sentinels, independently of the clients that are measured.
type watcher struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	current string        // the master that was told last; guarded by mu
	heard   []switchover  // guarded by mu
	news    chan struct{} // closed, and made anew, when heard grows; guarded by mu
}

// watch returns when every sentinel has confirmed. current is the master that they know.
func watch(ctx context.Context, set *sentinels.Set, current string) (*watcher, error) {
	listening, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w := &watcher{cancel: cancel, current: current, news: make(chan struct{})}
	for _, n := range set.Sentinels {
		s, err := conn.Subscribe(ctx, func(ctx context.Context) (*conn.Conn, error) {
			return (&conn.Dialer{PubSub: true}).Dial(ctx, "tcp", n.Addr)
		}, conn.Channels{Names: []string{switchMaster}})
		if err != nil {
			w.close()
			return nil, err
		}
		w.wg.Go(func() { w.listen(listening, s) })
	}
	return w, nil
}

func (w *watcher) close() {
	w.cancel()
	w.wg.Wait()
}

func (w *watcher) listen(ctx context.Context, s *conn.Subscription) {
	defer s.Close()
	for ctx.Err() == nil {
		m, err := s.Next(ctx)
		if err == nil && m.Gap == nil {
			w.hear(time.Now(), m.Payload)
		}
	}
}

// hear takes "name old-ip old-port new-ip new-port". What another sentinel has told before is no news.
func (w *watcher) hear(now time.Time, payload string) {
	words := strings.Fields(payload)
	if len(words) != 5 || words[0] != sentinels.Master {
		return
	}
	to := net.JoinHostPort(words[3], words[4])
	w.mu.Lock()
	defer w.mu.Unlock()
	if to == w.current {
		return
	}
	w.current = to
	w.heard = append(w.heard, switchover{now, to})
	close(w.news)
	w.news = make(chan struct{})
}

var errNoSwitch = errors.New("no sentinel told of a new master")

// await returns the n-th switchover, counted from 0.
func (w *watcher) await(ctx context.Context, n int, bound time.Duration) (switchover, error) {
	timeout := time.After(bound)
	for {
		w.mu.Lock()
		heard, news := w.heard, w.news
		w.mu.Unlock()
		if len(heard) > n {
			return heard[n], nil
		}
		select {
		case <-news:
		case <-timeout:
			return switchover{}, errNoSwitch
		case <-ctx.Done():
			return switchover{}, ctx.Err()
		}
	}
}
