package main

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
)

// withDocker answers to docker as a daemon that has an image, and runs it at an address.
func withDocker(c chooser, addr string, calls *[]string, refuse string) chooser {
	c.docker = func(_ context.Context, args ...string) (string, error) {
		*calls = append(*calls, strings.Join(args, " "))
		switch {
		case refuse != "" && strings.HasPrefix(strings.Join(args, " "), refuse):
			return "", errors.New("refused")
		case args[0] == "port":
			return addr + "\n[::1]:1", nil
		}
		return "", nil
	}
	return c
}

func TestChoice(t *testing.T) {
	fake := fakeSite(t)
	program := func(context.Context, string) (*server.Server, error) {
		return &server.Server{TCP: fake.tcp, Unix: fake.unix, TLS: fake.tls, Stop: func() {}}, nil
	}
	settings := func(name string) string {
		host, port, _ := strings.Cut(fake.tcp.Addr, ":")
		return map[string]string{"USE_REDIS": "yes", "REDIS_HOST": host, "REDIS_PORT": port, "REDIS_DATABASE": "3"}[name]
	}
	var calls []string
	docker := withDocker(noServers(), fake.tcp.Addr, &calls, "")
	all := docker
	all.start, all.getenv = program, settings
	onlyPrograms := docker
	onlyPrograms.start = program
	for _, c := range []struct {
		what    string
		chooser chooser
		flag    string
		want    string
	}{
		{"settings before a program", all, "", "the server of the settings"},
		{"a program before a container", onlyPrograms, "", "a server that was started"},
		{"a container before the responder", docker, "", "a container of redis:8"},
		{"the responder at last", noServers(), "", "a responder"},
		{"the flag before the settings", all, responderName, "a responder"},
		{"a container, although there is a program", all, dockerName, "a container"},
		{"an address", all, fake.tcp.Addr, "the server at " + fake.tcp.Addr},
		{"a program by name", all, "valkey-server", "a server that was started"},
	} {
		s, err := c.chooser.open(t.Context(), c.flag)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if !strings.HasPrefix(s.name, c.want) {
			t.Errorf("%s: %s", c.what, s.name)
		}
		if s.responder != strings.Contains(c.want, "responder") {
			t.Errorf("%s: %s is a responder: %v", c.what, s.name, s.responder)
		}
		if s.tcp.DB != 0 != strings.Contains(c.want, "settings") {
			t.Errorf("%s: database %d", c.what, s.tcp.DB)
		}
		if err := s.close(); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// What is asked for and cannot be had is an error; nothing else takes its place.
func TestNoChoice(t *testing.T) {
	for _, name := range []string{dockerName, "no-such-program"} {
		if s, err := noServers().open(t.Context(), name); err == nil {
			t.Errorf("%s: %s", name, s.name)
		}
	}
	wrong := noServers()
	wrong.getenv = func(name string) string { return map[string]string{"USE_REDIS": "perhaps"}[name] }
	if s, err := wrong.open(t.Context(), ""); err == nil {
		t.Errorf("settings that are none: %s", s.name)
	}
}

// A container is published on loopback only, and gone at the end, also when its server never answered.
func TestContainer(t *testing.T) {
	for refuse, want := range map[string]string{"": "", "image": "", "port": "refused", "run": "refused", "version": "no daemon", "pull": "refused"} {
		fake := fakeSite(t)
		var calls []string
		c := withDocker(noServers(), fake.tcp.Addr, &calls, refuse)
		if refuse == "pull" { // and there is no image either
			inner := c.docker
			c.docker = func(ctx context.Context, args ...string) (string, error) {
				if args[0] == "image" {
					return "", errors.New("none")
				}
				return inner(ctx, args...)
			}
		}
		s, err := c.container(t.Context())
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) || want == "" && err != nil {
			t.Errorf("refusing %q: %v", refuse, err)
		}
		if err == nil {
			s.stop()
		}
		ran := slices.IndexFunc(calls, func(call string) bool { return strings.HasPrefix(call, "run --rm ") })
		if ran < 0 {
			continue
		}
		if !strings.Contains(calls[ran], "-p 127.0.0.1::6379") {
			t.Errorf("published to others: %s", calls[ran])
		}
		if last := calls[len(calls)-1]; !strings.HasPrefix(last, "rm -f -v bwredis-sweep-") {
			t.Errorf("refusing %q, the last call is %s", refuse, last)
		}
	}
}

func TestRunDocker(t *testing.T) {
	if _, err := exec.LookPath("docker"); err == nil {
		t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	}
	if out, err := runDocker(t.Context(), "version"); err == nil || out == "" && strings.Contains(err.Error(), "\n") {
		t.Errorf("%q, %v", out, err)
	}
}

// All that is written is deleted, and has the prefix.
func TestNothingIsLeft(t *testing.T) {
	r := &recorded{asked: map[string][]string{}}
	fake := fakeSite(t)
	l := fakeServer(t, "tcp", server.Loopback+":0", r.answer(fake.answers()))
	s := &site{tcp: dial.Target{Network: "tcp", Addr: l.Addr().String()}, prefix: prefix, stop: func() {}}
	if err := s.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := plan{site: s}
	written := []job{p.set(shortValue), p.set(1 << 20), p.script(), s.guard(0, false), s.guard(visitors, true)}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := slices.Clone(r.asked["SET"])
	for _, j := range written {
		for _, c := range j.commands {
			switch c.Name {
			case "SET":
				keys = append(keys, c.Args[0])
			case "EVALSHA":
				keys = append(keys, c.Args[2])
			}
		}
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, prefix) {
			t.Errorf("%s has no prefix", key)
		}
		if !slices.Contains(r.asked["DEL"], key) {
			t.Errorf("%s is left", key)
		}
	}
	if len(keys) < visitors+len(sizes) {
		t.Errorf("only %d keys were written", len(keys))
	}
}
