package server

import (
	"bytes"
	"os/exec"
	"strings"
	"syscall"
)

// A process is what runs of a server. Its methods may not be called concurrently.
type process struct {
	binary, config string
	cmd            *exec.Cmd
	output         bytes.Buffer
	exited         chan struct{} // closed when cmd has ended
}

// start begins the process, also once more after Kill.
func (p *process) start() error {
	p.output.Reset()
	cmd := exec.Command(p.binary, "-") // reads its configuration from standard input
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(p.config), &p.output, &p.output
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	p.cmd, p.exited = cmd, exited
	return nil
}

// Kill ends the process without warning, also one that is frozen, and waits for its end.
func (p *process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// Revive starts a server that was killed where it was, with nothing in it. It does not wait until the server answers.
func (p *process) Revive() error { return p.start() }

// Freeze is SIGSTOP: connections are made, and nothing answers.
func (p *process) Freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw is SIGCONT.
func (p *process) Thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// Version is "redis 7.0.15", from what the binary prints with --version.
func Version(binary string) string {
	out, err := exec.Command(binary, "--version").Output()
	words := strings.Fields(string(out))
	if err != nil || len(words) == 0 {
		return binary
	}
	for _, word := range words {
		if number, ok := strings.CutPrefix(word, "v="); ok {
			return strings.ToLower(words[0]) + " " + number
		}
	}
	return strings.ToLower(words[0])
}
