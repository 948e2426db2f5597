package main

import (
	"bytes"
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
)

// binaries are looked for in this order.
var binaries = []string{"redis-server", "valkey-server"}

var errNoServer = errors.New("neither redis-server nor valkey-server is in PATH; name a binary, or a server that runs, with -server")

func findBinary(name string) (string, error) {
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
	return "", errNoServer
}

// startServer runs a server of its own on loopback, with TLS where it can.
func startServer(ctx context.Context, name string) (*site, error) {
	binary, err := findBinary(name)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bwredis-bench-")
	if err != nil {
		return nil, err
	}
	cert, err := newCertificate(dir)
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
func launch(ctx context.Context, binary, dir string, cert *certificate) (*site, error) {
	s := &site{login: true}
	config, err := s.configure(dir, cert)
	if err != nil {
		return nil, err
	}
	var output bytes.Buffer
	cmd := exec.Command(binary, "-") // reads its configuration from standard input
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(config), &output, &output
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	s.stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		<-exited
		_ = os.RemoveAll(dir)
	})
	if err := s.await(ctx, exited); err != nil {
		_ = cmd.Process.Kill()
		<-exited
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(binary), err, strings.TrimSpace(output.String()))
	}
	return s, nil
}

// configure fills in how the server is reached.
func (s *site) configure(dir string, cert *certificate) (config string, err error) {
	port, tlsPort := 0, 0
	if port, err = freePort(); err != nil {
		return "", err
	}
	if tlsPort, err = freePort(); err != nil {
		return "", err
	}
	socket := filepath.Join(dir, "socket")
	s.tcp = target{network: "tcp", addr: net.JoinHostPort(loopback, strconv.Itoa(port))}
	s.unix = &target{network: "unix", addr: socket}
	lines := []string{
		"bind " + loopback, fmt.Sprint("port ", port), "unixsocket " + socket, "dir " + dir,
		`save ""`, "appendonly no", "daemonize no", "loglevel warning",
		"user " + benchUser + " on >" + benchPassword + " ~* +@all",
	}
	if cert != nil {
		s.tls = &target{network: "tcp", addr: net.JoinHostPort(loopback, strconv.Itoa(tlsPort)), tls: cert.client}
		lines = append(lines, fmt.Sprint("tls-port ", tlsPort), "tls-cert-file "+cert.file, "tls-key-file "+cert.keyFile,
			"tls-ca-cert-file "+cert.file, "tls-auth-clients no")
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// freePort returns a port that nobody listened on a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

const startTimeout = 10 * time.Second

// await returns when the server answers, or will not.
func (s *site) await(ctx context.Context, exited <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		c, err := s.tcp.ours(ctx)
		if err == nil {
			return c.Close()
		}
		select {
		case <-exited:
			return errors.New("it ended")
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
