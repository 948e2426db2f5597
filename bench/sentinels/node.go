package sentinels

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
	"syscall"
	"time"

	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// A Node is a process: a server of data, or a sentinel.
type Node struct {
	Addr      string // where it listens
	Announced string // where others are told to find it

	command []string
	cmd     *exec.Cmd
	output  bytes.Buffer
	exited  chan struct{} // of the process that runs; nil: none was started
}

// newNode writes the configuration of a node that is not started yet. configure returns its lines, given its port.
func newNode(binary, dir, name string, configure func(port string) []string, args ...string) (*Node, error) {
	number, err := server.FreePort()
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(number)
	lines := append([]string{"bind " + server.Loopback, "port " + port, "dir " + dir, "daemonize no"}, configure(port)...)
	file := filepath.Join(dir, name+".conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	addr := net.JoinHostPort(server.Loopback, port)
	return &Node{Addr: addr, Announced: addr, command: append([]string{binary, file}, args...)}, nil
}

// Start runs the process, also once more after Kill, and waits until it answers.
func (n *Node) Start(ctx context.Context) error {
	n.output.Reset()
	n.cmd = exec.Command(n.command[0], n.command[1:]...)
	n.cmd.Stdout, n.cmd.Stderr = &n.output, &n.output
	if err := n.cmd.Start(); err != nil {
		return err
	}
	exited, cmd := make(chan struct{}), n.cmd
	go func() { _ = cmd.Wait(); close(exited) }()
	n.exited = exited
	return Await(ctx, func(ctx context.Context) error {
		select {
		case <-exited:
			return errEnded
		default:
		}
		_, err := n.Do(ctx, "PING")
		return err
	})
}

var errEnded = errors.New("the process ended")

// Kill ends the process without warning, also one that is stopped, and waits for its end.
func (n *Node) Kill() {
	if n.exited == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	<-n.exited
}

// Freeze is SIGSTOP: connections are made, and nothing answers.
func (n *Node) Freeze() error { return n.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw is SIGCONT.
func (n *Node) Thaw() error { return n.cmd.Process.Signal(syscall.SIGCONT) }

// askTimeout bounds a question to a process on the same machine.
const askTimeout = time.Second

// Do sends one command, over a connection of its own.
func (n *Node) Do(ctx context.Context, args ...string) (resp.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c, err := new(conn.Dialer).Dial(ctx, "tcp", n.Addr)
	if err != nil {
		return resp.Value{}, err
	}
	defer c.Close()
	return c.Do(ctx, args...)
}

// Role is what the server says of itself: "master" or "slave".
func (n *Node) Role(ctx context.Context) (string, error) {
	v, err := n.Do(ctx, "ROLE")
	if err != nil {
		return "", err
	}
	if elems := v.Elems(); len(elems) > 0 {
		return elems[0].Text()
	}
	return "", fmt.Errorf("ROLE: %v", v)
}

// Await asks until there is no error any more, the process has ended, or ctx ends.
func Await(ctx context.Context, ask func(context.Context) error) error {
	for {
		err := ask(ctx)
		if err == nil || errors.Is(err, errEnded) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
