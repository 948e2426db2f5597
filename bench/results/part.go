package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A part is a program and what becomes of its output.
type part struct {
	name, title string
	program     string // what is started; empty: go run
	args        []string
	doc         string        // in docs, where its tables go; empty: they are in the document itself
	plots       string        // in bench, the folder that it writes plots to; empty: none
	lasts       time.Duration // about, with three rounds
}

func parts(o options) []part {
	rounds := []string{"-rounds", fmt.Sprint(o.rounds)}
	with := func(more ...string) []string { return append(more, rounds...) }
	return []part{
		{name: "sweep", title: "Clients side by side", args: with("./sweep", "-full", "-time", "80ms", "-svg", "plots/sweep"), plots: "plots/sweep", lasts: 8 * time.Minute},
		{name: "outage", title: "Restarts, stalls and cancellations", args: with("./outage", "-doc", "-svg", "plots/outage"), doc: "outage.md", plots: "plots/outage", lasts: 4 * time.Minute},
		{name: "codec", title: "Codec", args: with("./codec"), doc: "codec.md", lasts: time.Minute},
		{name: "connection", title: "Connection", args: with("./connection", "-doc"), doc: "connection.md", lasts: 5 * time.Minute},
		{name: "pools", title: "Pool", args: with("./pools", "-doc"), doc: "pool.md", lasts: 2 * time.Minute},
		{name: "state", title: "Shared state", args: with("./state", "-doc"), doc: "state.md", lasts: 2 * time.Minute},
		{name: "tune", title: "Tuning of the pool", args: []string{"./tune", "-svg", "plots/tune"}, plots: "plots/tune", lasts: 2 * time.Minute},
		{name: "hostile", title: "Hostile servers", args: []string{"./hostile", "-doc"}, doc: "hostile.md", lasts: 10 * time.Minute},
		{name: "failover", title: "Failover", args: with("./failover", "-doc"), doc: "failover.md", lasts: 7 * time.Minute},
	}
}

// command is what does the same by itself.
func (p part) command() string { return "cd bench && go run " + strings.Join(p.args, " ") }

// earlier says where the tables of an earlier run are.
func (p part) earlier() string {
	if p.doc == "" {
		return ""
	}
	return fmt.Sprintf("; [docs/%[1]s](../docs/%[1]s) is of an earlier one", p.doc)
}

// run returns what the program printed. What is for docs replaces the document that is there only when the program succeeds.
func (p part) run(ctx context.Context, o options, progress io.Writer) (text string, err error) {
	name, args := "go", append([]string{"run"}, p.args...)
	if p.program != "" {
		name, args = p.program, p.args
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(o.root, "bench")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, progress
	if err := cmd.Run(); err != nil {
		return out.String(), err
	}
	if p.doc != "" {
		err = replace(filepath.Join(o.root, "docs", p.doc), out.Bytes())
	}
	return out.String(), err
}

// replace writes a file as a whole or not at all.
func replace(path string, content []byte) error {
	beside := path + ".new"
	if err := os.WriteFile(beside, content, 0o644); err != nil {
		return err
	}
	return os.Rename(beside, path)
}
