package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bwstate"
)

// Names for -server that are no program.
const (
	dockerName    = "docker"
	responderName = "responder"
)

// A chooser finds a server where it is asked to look.
type chooser struct {
	getenv func(string) string
	start  func(ctx context.Context, binary string) (*server.Server, error)
	docker func(ctx context.Context, args ...string) (output string, err error)
}

// fromHere looks on this machine.
func fromHere() chooser { return chooser{os.Getenv, server.Start, runDocker} }

// open returns the server that is named, or else the first that there is, with what the workloads read.
func (c chooser) open(ctx context.Context, name string) (*site, error) {
	s, err := c.choose(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.close()
		return nil, err
	}
	return s, nil
}

func (c chooser) choose(ctx context.Context, name string) (*site, error) {
	switch {
	case name == responderName:
		return respond()
	case name == dockerName:
		return c.container(ctx)
	case isAddr(name):
		return &site{name: "the server at " + name, tcp: dial.Target{Network: "tcp", Addr: name}, stop: func() {}}, nil
	case name != "":
		return c.program(ctx, name)
	}
	settings, err := bwstate.ParseSettings(c.getenv)
	if err != nil {
		return nil, err
	}
	if settings.UseRedis {
		t, err := server.OfSettings(ctx, settings)
		return &site{name: "the server of the settings: " + settings.String(), tcp: t, stop: func() {}}, err
	}
	return c.any(ctx)
}

// isAddr tells host:port from a program. Who has a program by such a name can say ./ before it.
func isAddr(name string) bool {
	host, port, err := net.SplitHostPort(name)
	return err == nil && host != "" && port != "" && !strings.ContainsAny(name, `/\`)
}

// any takes a program before a container, and a container before the responder.
func (c chooser) any(ctx context.Context) (*site, error) {
	s, err := c.program(ctx, "")
	if !errors.Is(err, server.ErrNoServer) {
		return s, err
	}
	notes := []string{"neither redis-server nor valkey-server is in PATH"}
	if s, err = c.container(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		notes = append(notes, fmt.Sprintf("Docker did not help (%v)", err))
		if s, err = respond(); err != nil {
			return nil, err
		}
	}
	s.notes = notes
	return s, nil
}

func (c chooser) program(ctx context.Context, name string) (*site, error) {
	started, err := c.start(ctx, name)
	if err != nil {
		return nil, err
	}
	return &site{name: "a server that was started for this, on loopback", tcp: started.TCP, unix: started.Unix, tls: started.TLS, stop: started.Stop}, nil
}

func runDocker(ctx context.Context, args ...string) (output string, err error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil && complaint.Len() > 0 {
		err = errors.New(lastLine(complaint.String()))
	}
	return strings.TrimSpace(string(out)), err
}

// lastLine is where programs say what is wrong.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
