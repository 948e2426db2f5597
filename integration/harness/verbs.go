package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ory/dockertest/v3/docker"
)

const (
	stopSeconds   = 5 // for a clean end, before it is killed
	portPatience  = 10 * time.Second
	defaultBridge = "bridge"
)

// Kill ends the server as a crash would: SIGKILL, nothing is written or said, and its clients' connections
// are reset. Start brings it back.
func (s *Server) Kill() {
	s.t.Helper()
	s.do("kill", func() error { return s.c.stop(docker.SIGKILL) })
}

// Stop ends the server as an administrator would: SIGTERM, and some seconds to comply.
func (s *Server) Stop() {
	s.t.Helper()
	s.do("stop", func() error { return s.c.stop(docker.SIGTERM) })
}

// Start starts the server again after Kill or Stop, on the same ports, and waits until it answers. Data in
// memory is lost; a configuration that the server has rewritten is kept.
func (s *Server) Start() {
	s.t.Helper()
	s.do("start", func() error {
		if err := s.c.startAgain(); err != nil {
			return err
		}
		return s.awaitUp()
	})
}

// Restart is Stop and Start.
func (s *Server) Restart() {
	s.t.Helper()
	s.Stop()
	s.Start()
}

// Pause freezes the server: connections stay open, new ones are accepted by the kernel, and nothing is
// answered. Resume ends it.
func (s *Server) Pause() {
	s.t.Helper()
	s.do("pause", func() error {
		return s.c.change(&s.c.paused, true, func() error { return session.client.PauseContainer(s.c.id) })
	})
}

// Resume ends Pause and waits until the server answers.
func (s *Server) Resume() {
	s.t.Helper()
	s.do("resume", func() error {
		err := s.c.change(&s.c.paused, false, func() error { return session.client.UnpauseContainer(s.c.id) })
		if err != nil {
			return err
		}
		return s.awaitUp()
	})
}

// Cut takes the server off its network while it runs on. The other containers of its set see a partition:
// packets vanish. Clients on this machine see their connections closed and new ones refused, because what
// publishes the port ends; for silence towards them use Pause. Heal ends it. Between the two the server can
// not be started.
func (s *Server) Cut() {
	s.t.Helper()
	s.do("cut", func() error { return s.c.change(&s.c.cut, true, s.c.disconnect) })
}

// Heal puts the server back on its network, with the same address and ports, and waits until it answers.
func (s *Server) Heal() {
	s.t.Helper()
	s.do("heal", func() error {
		if err := s.c.change(&s.c.cut, false, s.c.connect); err != nil {
			return err
		}
		return s.awaitUp()
	})
}

// do runs a verb and fails the test when it fails.
func (s *Server) do(verb string, act func() error) {
	s.t.Helper()
	if s.shared {
		s.t.Fatalf("harness: %s: other tests share this server, use harness.Start", verb)
	}
	if err := act(); err != nil {
		s.t.Fatalf("harness: %s %s: %v", verb, s.Version, err)
	}
}

// change sets a flag to value for what act does, and refuses when it has that value: a verb that changes
// nothing is a mistake in the test.
func (c *container) change(flag *bool, value bool, act func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *flag == value {
		return errors.New("it already is")
	}
	if err := act(); err != nil {
		return err
	}
	*flag = value
	return nil
}

// stop sends a signal and waits until the process has ended.
func (c *container) stop(signal docker.Signal) error {
	return c.change(&c.down, true, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
		defer cancel()
		if c.paused { // a frozen process does not die
			c.paused = false
			if err := session.client.UnpauseContainer(c.id); err != nil {
				return err
			}
		}
		if signal == docker.SIGTERM {
			return session.client.StopContainerWithContext(c.id, stopSeconds, ctx)
		}
		err := session.client.KillContainer(docker.KillContainerOptions{ID: c.id, Signal: signal, Context: ctx})
		if err != nil {
			return err
		}
		_, err = session.client.WaitContainerWithContext(c.id, ctx)
		return err
	})
}

// startAgain retries while somebody else has one of the ports, such as a connection that is just closing.
func (c *container) startAgain() error {
	return c.change(&c.down, false, func() error {
		if c.cut {
			return errors.New("it is cut off its network")
		}
		return poll(portPatience, 100*time.Millisecond, func() error {
			err := c.start()
			if err != nil && !portTaken(err) {
				return giveUp{err}
			}
			return err
		})
	})
}

func (c *container) disconnect() error {
	return session.client.DisconnectNetwork(c.networkID(), docker.NetworkConnectionOptions{Container: c.id})
}

func (c *container) connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	options := docker.NetworkConnectionOptions{Container: c.id, Context: ctx}
	if c.spec.network != nil {
		options.EndpointConfig = c.spec.endpoint()
	}
	return poll(portPatience, 100*time.Millisecond, func() error {
		err := session.client.ConnectNetwork(c.networkID(), options)
		if err != nil && !portTaken(err) {
			return giveUp{fmt.Errorf("connect to network: %w", err)}
		}
		return err
	})
}

func (c *container) networkID() string {
	if c.spec.network == nil {
		return defaultBridge
	}
	return c.spec.network.id
}
