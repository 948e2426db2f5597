package main

import (
	"bytes"
	"net"
	"sync/atomic"

	"github.com/bwredis/bwredis/bench/relay"
	"github.com/bwredis/bwredis/bench/sentinels"
)

// A window is how one client sees the sentinels: through relays of its own, which also stand in for the addresses that sentinels tell of each other. So what it asks can
// be counted, and what it hears be withheld, while the sentinels talk to one another as ever.
type window struct {
	relays []*relay.Relay
	deaf   atomic.Bool // nothing that is published passes
}

func openWindow(set *sentinels.Set) (*window, error) {
	w := new(window)
	known := make(chan struct{}) // closed when all relays are there
	var renamed [][2]string
	edit := func(frame []byte) []byte {
		<-known
		return w.edit(frame, renamed)
	}
	defer close(known)
	for _, n := range set.Sentinels {
		r, err := relay.Listen(n.Addr, edit)
		if err != nil {
			return w, err
		}
		w.relays = append(w.relays, r)
		renamed = append(renamed, [2]string{portOf(n.Addr), portOf(r.Addr())})
	}
	return w, nil
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// edit puts the ports of the relays in the place of those of the sentinels.
func (w *window) edit(frame []byte, renamed [][2]string) []byte {
	if w.deaf.Load() && published(frame) {
		return nil
	}
	for _, port := range renamed {
		frame = rename(frame, port[0], port[1])
	}
	return frame
}

// rename puts one port in the place of another, as an argument of its own or as a word of a message. Ports that the system gives away have five digits, so lengths stay right.
func rename(frame []byte, from, to string) []byte {
	frame = bytes.ReplaceAll(frame, []byte("\r\n"+from+"\r\n"), []byte("\r\n"+to+"\r\n"))
	return bytes.ReplaceAll(frame, []byte(" "+from), []byte(" "+to))
}

// published tells what was published from answers, which a subscription gets too.
func published(frame []byte) bool {
	_, elements, _ := bytes.Cut(frame, []byte("\r\n"))
	return bytes.HasPrefix(elements, []byte("$7\r\nmessage\r\n")) || bytes.HasPrefix(elements, []byte("$8\r\npmessage\r\n"))
}

// addrs are those of the sentinels, as the client is told.
func (w *window) addrs() (list []string) {
	for _, r := range w.relays {
		list = append(list, r.Addr())
	}
	return list
}

// inVain is how often the client has tried to reach a sentinel that is not there.
func (w *window) inVain() (n int) {
	for _, r := range w.relays {
		n += r.Failed()
	}
	return n
}

func (w *window) close() {
	for _, r := range w.relays {
		r.Close()
	}
}
