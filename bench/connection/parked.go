package main

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/bench/versus"
)

// parkedName is the floor of clients whose callers have goroutines of their own.
const parkedName = "callers parked, nothing decoded"

// parkedFloor is the least that such a client does: callers queue their bytes on one connection, one of them lets more queue and writes for all, a goroutine
// reads, counts bytes, and wakes whoever is next. Nobody looks at a reply, a context or an error twice.
func parkedFloor(j job) clients.Client {
	return clients.Client{Name: parkedName, Kind: versus.Floor, Open: func(ctx context.Context, t dial.Target, _ clients.Shape) (clients.Session, error) {
		nc, err := t.Connect(ctx)
		if err != nil {
			return nil, err
		}
		s := &parkedSession{nc: nc, question: j.question()[0], right: []clients.Reply{{Bytes: j.text}}, batches: make(chan []chan struct{}, maxParked)}
		go s.read()
		return s, nil
	}}
}

// maxParked is more batches than there can be at a time: a batch has a caller at least.
const maxParked = 1024

type parkedSession struct {
	nc       net.Conn
	question rawpipe.Question
	right    []clients.Reply      // what is taken for granted
	batches  chan []chan struct{} // who waits for the replies, batch by batch

	mu      sync.Mutex
	out     []byte
	spare   []byte
	waiting []chan struct{}
	writing bool
	err     error
}

func (s *parkedSession) Close() { _ = s.nc.Close() }

// Ask is of the job alone.
func (s *parkedSession) Ask([]clients.Command) clients.Ask {
	wake := make(chan struct{}, 1)
	return func(context.Context) ([]clients.Reply, error) {
		if err := s.queue(s.question.Request, wake); err != nil {
			return nil, err
		}
		if _, ok := <-wake; !ok {
			return nil, errLost
		}
		return s.right, nil
	}
}

var errLost = errors.New("the connection was lost")

// queue puts a request behind the others, and writes for all when nobody does.
func (s *parkedSession) queue(request []byte, wake chan struct{}) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = append(s.out, request...)
	s.waiting = append(s.waiting, wake)
	if s.writing {
		return s.err
	}
	s.writing = true
	for len(s.out) > 0 && s.err == nil {
		s.flush()
	}
	s.writing = false
	return s.err
}

func (s *parkedSession) flush() {
	s.mu.Unlock()
	runtime.Gosched()
	s.mu.Lock()
	batch, waiting := s.out, s.waiting
	s.out, s.spare, s.waiting = s.spare[:0], nil, nil
	s.mu.Unlock()
	s.batches <- waiting
	_, err := s.nc.Write(batch)
	s.mu.Lock()
	s.spare, s.err = batch[:0], err
}

// read wakes one caller for each reply's worth of bytes.
func (s *parkedSession) read() {
	var next []chan struct{}
	buf, got := make([]byte, 64<<10), 0
	for {
		n, err := s.nc.Read(buf)
		if err != nil {
			for _, wake := range next {
				close(wake)
			}
			return
		}
		for got += n; got >= s.question.Size; got -= s.question.Size {
			if len(next) == 0 {
				next = <-s.batches
			}
			next[0] <- struct{}{}
			next = next[1:]
		}
	}
}
