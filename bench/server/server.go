// Package server starts servers to measure clients against.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/dial"
)

// A Server runs on loopback, with an account for User.
type Server struct {
	TCP       dial.Target
	Unix, TLS *dial.Target // nil: there is none
	Stop      func()       // may be called more than once, and leaves nothing
	process
}

// Who may log in.
const (
	User     = "bench"
	Password = "only-on-loopback-for-a-minute"
)

// binaries are looked for in this order.
var binaries = []string{"redis-server", "valkey-server"}

// ErrNoServer is returned when there is nothing to start.
var ErrNoServer = errors.New("neither redis-server nor valkey-server is in PATH; name a binary, or a server that runs, with -server")

// Find returns the path of the binary that is named, with an empty name of any that is in PATH.
func Find(name string) (string, error) {
	candidates := binaries
	if name != "" {
		candidates = []string{name}
	}
	for _, candidate := range candidates {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	if name != "" {
		return "", fmt.Errorf("-server %q is neither a program nor host:port", name)
	}
	return "", ErrNoServer
}

// Start runs a server, with TLS where it can. name is that of a binary; empty: any that is in PATH.
func Start(ctx context.Context, name string) (*Server, error) {
	binary, err := Find(name)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bwredis-bench-")
	if err != nil {
		return nil, err
	}
	cert, err := NewCertificate(dir)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	s, err := launch(ctx, binary, dir, cert)
	if err != nil && strings.Contains(err.Error(), "tls-") { // the binary does not know the setting
		s, err = launch(ctx, binary, dir, nil)
	}
	if err != nil {
		_ = os.RemoveAll(dir)
	}
	return s, err
}

// launch starts the server, and waits until it answers. cert may be nil: no TLS.
func launch(ctx context.Context, binary, dir string, cert *Certificate) (*Server, error) {
	s := &Server{}
	config, err := s.configure(dir, cert)
	if err != nil {
		return nil, err
	}
	s.process = process{binary: binary, config: config}
	if err := s.start(); err != nil {
		return nil, err
	}
	s.Stop = sync.OnceFunc(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	if err := s.await(ctx); err != nil {
		s.Kill()
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(binary), err, strings.TrimSpace(s.output.String()))
	}
	return s, nil
}

// configure fills in how the server is reached.
func (s *Server) configure(dir string, cert *Certificate) (config string, err error) {
	port, tlsPort := 0, 0
	if port, err = FreePort(); err != nil {
		return "", err
	}
	if tlsPort, err = FreePort(); err != nil {
		return "", err
	}
	socket := filepath.Join(dir, "socket")
	s.TCP = dial.Target{Network: "tcp", Addr: net.JoinHostPort(Loopback, strconv.Itoa(port))}
	s.Unix = &dial.Target{Network: "unix", Addr: socket}
	lines := []string{
		"bind " + Loopback, fmt.Sprint("port ", port), "unixsocket " + socket, "dir " + dir,
		`save ""`, "appendonly no", "daemonize no", "loglevel warning",
		"user " + User + " on >" + Password + " ~* +@all",
	}
	if cert != nil {
		s.TLS = &dial.Target{Network: "tcp", Addr: net.JoinHostPort(Loopback, strconv.Itoa(tlsPort)), TLS: cert.Client}
		lines = append(lines, fmt.Sprint("tls-port ", tlsPort), "tls-cert-file "+cert.file, "tls-key-file "+cert.keyFile,
			"tls-ca-cert-file "+cert.file, "tls-auth-clients no")
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// StopOnInterrupt calls stop, and ends the program, when ctx ends before done is called: a workload that is being measured does not look at the context.
func StopOnInterrupt(ctx context.Context, stop func()) (done func()) {
	finished := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			stop()
			os.Exit(1)
		case <-finished:
		}
	}()
	return func() { close(finished) }
}

// FreePort returns a port that nobody listened on a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", Loopback+":0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

const startTimeout = 10 * time.Second

// await returns when the server answers, or will not.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		c, err := s.TCP.Ours(ctx)
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.exited:
			return errors.New("it ended")
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
