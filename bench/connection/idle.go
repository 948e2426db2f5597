package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

const (
	idleName        = "idle"
	idleConnections = 200
)

// An idleRow is what a connection holds that has nothing to do.
type idleRow struct {
	name       string
	kind       versus.Kind
	bytes      float64 // heap and stacks
	goroutines float64
}

// measureIdle opens connections of each library, uses each once, and looks at what stays.
func measureIdle(t dial.Target, connections int) (rows []idleRow, err error) {
	for _, c := range newcomers() {
		row, err := idle(c, t, connections)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", idleName, c.Name, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func idle(c clients.Client, t dial.Target, connections int) (row idleRow, err error) {
	open := make([]clients.Session, 0, connections)
	defer func() {
		for _, s := range open {
			s.Close()
		}
	}()
	before, goroutines := inUse(), runtime.NumGoroutine()
	for range connections {
		s, err := arrive(context.Background(), c, t)
		if err != nil {
			return row, err
		}
		open = append(open, s)
	}
	n := float64(connections)
	row = idleRow{name: c.Name, kind: c.Kind, bytes: max(0, inUse()-before) / n, goroutines: float64(runtime.NumGoroutine()-goroutines) / n}
	runtime.KeepAlive(open)
	return row, nil
}

// inUse returns the bytes of heap and stacks. What pools hold is gone after two collections.
func inUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) + float64(m.StackInuse)
}

func writeIdle(w io.Writer, rows []idleRow, connections int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "#### memory of an idle connection, of %d (`%s`)\n\n", connections, idleName)
	b.WriteString("|  | KiB of heap and stacks | goroutines |\n| --- | ---: | ---: |\n")
	for _, r := range rows {
		name := r.name
		if r.kind == versus.Ours {
			name = "**" + name + "**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, versus.FormatCount(r.bytes/1024), versus.FormatCount(r.goroutines))
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}
