package sentinels

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/bwredis/bwredis/bench/relay"
)

// A Set is the processes of one master, one replica and the sentinels.
type Set struct {
	Data      [2]*Node // the first is the master at first
	Sentinels [Count]*Node
	Network   *relay.Relay // between everybody and the first master; nil: there is none

	dir string
}

// Options say what else there is.
type Options struct {
	Network bool // a relay in front of the first master
}

// Start runs a set, and returns when its sentinels know one another and the replica, and the replica has everything.
func Start(ctx context.Context, binary string, o Options) (s *Set, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s = &Set{}
	defer func() {
		if err != nil {
			err = fmt.Errorf("starting %s: %w%s", binary, err, s.said())
			s.Stop()
		}
	}()
	if s.dir, err = os.MkdirTemp("", "bwredis-bench-"); err != nil {
		return s, err
	}
	if err := s.configure(binary, o); err != nil {
		return s, err
	}
	if err := s.start(ctx, s.Data[:]); err != nil {
		return s, err
	}
	// Sentinels that look before the replica has everything do not look again for ten seconds.
	if err := Await(ctx, s.Data[1].Following); err != nil {
		return s, err
	}
	if err := s.start(ctx, s.Sentinels[:]); err != nil {
		return s, err
	}
	return s, Await(ctx, s.complete)
}

func (s *Set) start(ctx context.Context, nodes []*Node) error {
	for _, n := range nodes {
		if err := n.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stop kills what runs, and leaves nothing.
func (s *Set) Stop() {
	for _, n := range s.all() {
		n.Kill()
	}
	if s.Network != nil {
		s.Network.Close()
	}
	_ = os.RemoveAll(s.dir)
}

// Node returns the server of data that is announced under that address; nil: there is none.
func (s *Set) Node(announced string) *Node {
	for _, n := range s.Data {
		if n.Announced == announced {
			return n
		}
	}
	return nil
}

func (s *Set) all() (nodes []*Node) {
	for _, n := range append(s.Data[:], s.Sentinels[:]...) {
		if n != nil {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// said is what the processes wrote that have ended by themselves.
func (s *Set) said() (text string) {
	for _, n := range s.all() {
		select {
		case <-n.exited:
			text += "\n" + strings.TrimSpace(n.output.String())
		default:
		}
	}
	return text
}

// configure makes all nodes, and the relay before anybody is told of the master's address.
func (s *Set) configure(binary string, o Options) (err error) {
	if s.Data[0], err = newNode(binary, s.dir, "data-0", func(string) []string { return unsaved }); err != nil {
		return err
	}
	if o.Network {
		if s.Network, err = relay.Listen(s.Data[0].Addr, nil); err != nil {
			return err
		}
		s.Data[0].Announced = s.Network.Addr()
	}
	host, port, _ := net.SplitHostPort(s.Data[0].Announced)
	s.Data[0].command = append(s.Data[0].command, "--replica-announce-ip", host, "--replica-announce-port", port)
	if s.Data[1], err = newNode(binary, s.dir, "data-1", func(string) []string {
		return append([]string{"replicaof " + host + " " + port}, unsaved...)
	}); err != nil {
		return err
	}
	for i := range s.Sentinels {
		name := fmt.Sprint("sentinel-", i)
		if s.Sentinels[i], err = newNode(binary, s.dir, name, watching(host, port), "--sentinel"); err != nil {
			return err
		}
	}
	return nil
}

// unsaved is for data that nobody needs tomorrow, and for a replica that has everything soon.
var unsaved = []string{`save ""`, "appendonly no", "repl-diskless-sync yes", "repl-diskless-sync-delay 0"}

func watching(host, port string) func(string) []string {
	return func(own string) []string {
		return []string{
			"sentinel announce-ip " + host, "sentinel announce-port " + own,
			fmt.Sprintf("sentinel monitor %s %s %s %d", Master, host, port, quorum),
			fmt.Sprintf("sentinel down-after-milliseconds %s %d", Master, DownAfter.Milliseconds()),
			fmt.Sprintf("sentinel failover-timeout %s %d", Master, patience.Milliseconds()),
		}
	}
}
