package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ory/dockertest/v3/docker"
)

// CLI runs redis-cli or valkey-cli in the server's container, with what is needed to get in, and returns
// what it prints, without the line's end. An error reply is printed like any other; the test fails when
// there is no reply. Options may come before the command: "-n", "3" selects a database, "--user", "app",
// "--pass", "…" a user.
func (s *Server) CLI(args ...string) string {
	s.t.Helper()
	command := []string{s.Version.cli(), "-p", strconv.Itoa(s.inside)}
	if s.Password != "" {
		command = append(command, "--no-auth-warning", "-a", s.Password)
	}
	if s.Username != "" {
		command = append(command, "--user", s.Username)
	}
	if s.secure {
		command = append(command, insideTLS()...)
	}
	out, err := s.c.exec(append(command, args...))
	if err != nil {
		s.t.Fatalf("harness: %s: %v", s.Version.cli(), s.explain(err))
	}
	return strings.TrimSuffix(out, "\n")
}

// exec runs a command in the container and returns its standard output and, behind it, standard error.
func (c *container) exec(command []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	job, err := session.client.CreateExec(docker.CreateExecOptions{
		Container: c.id, Cmd: command, AttachStdout: true, AttachStderr: true, Context: ctx,
	})
	if err != nil {
		return "", err
	}
	var out, complaint bytes.Buffer
	err = session.client.StartExec(job.ID, docker.StartExecOptions{
		OutputStream: &out, ErrorStream: &complaint, Context: ctx,
	})
	if err != nil {
		return "", err
	}
	info, err := session.client.InspectExec(job.ID)
	if err != nil {
		return "", err
	}
	if info.Running {
		return "", errors.New("still running")
	}
	text := out.String() + complaint.String()
	if info.ExitCode != 0 {
		return "", fmt.Errorf("exit status %d: %s", info.ExitCode, strings.TrimSpace(text))
	}
	return text, nil
}

// Logs returns everything the server has written to its log.
func (s *Server) Logs() string { return s.c.logs("all") }
