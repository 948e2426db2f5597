package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// yardstick is the program that servers come with.
const yardstick = "redis-benchmark"

// A stick is one way to call it.
type stick struct {
	pipeline, requests int
	beside             string // workload with as many callers
}

var sticks = []stick{{1, 300_000, "get-64"}, {16, 2_000_000, "get-64"}}

const yardstickHead = `## redis-benchmark

The program that comes with servers, with 64 clients that GET the same 64 bytes, on one thread, which neither decodes replies nor has callers to wake. It ran after the workloads and not in turns
with them.

| command | commands/s | ours, 64 callers |
| --- | ---: | ---: |
`

// writeYardstick says what the server's own program gets from it, where there is one and it can reach the server.
func (s *site) writeYardstick(ctx context.Context, w io.Writer, results []measured) error {
	path, err := exec.LookPath(yardstick)
	if err != nil || s.responder || s.tcp.Network != "tcp" || s.tcp.TLS != nil || s.tcp.Password != "" {
		return nil // a password would be seen by all who list processes
	}
	var b strings.Builder
	b.WriteString(yardstickHead)
	for _, k := range sticks {
		args := s.yardstickArgs(k)
		out, err := exec.CommandContext(ctx, path, args...).Output()
		if err != nil {
			return fmt.Errorf("%s: %w", yardstick, err)
		}
		rate, err := yardstickRate(string(out))
		if err != nil {
			return fmt.Errorf("%s: %w", yardstick, err)
		}
		fmt.Fprintf(&b, "| `%s -c 64 -P %d` | %s | %s |\n", yardstick, k.pipeline, versus.FormatRate(rate), oursIn(results, k.beside))
	}
	_, err = io.WriteString(w, b.String()+"\n")
	return err
}

func (s *site) yardstickArgs(k stick) []string {
	host, port, _ := net.SplitHostPort(s.tcp.Addr)
	return []string{
		"-h", host, "-p", port, "--dbnum", strconv.Itoa(s.tcp.DB), "-c", "64", "-n", strconv.Itoa(k.requests), "-P", strconv.Itoa(k.pipeline), "--csv",
		"GET", s.value(shortValue),
	}
}

// yardstickRate reads the last line of --csv: the command, the rate, and more.
func yardstickRate(output string) (float64, error) {
	line := lastLine(output)
	fields := strings.Split(line, `","`)
	if len(fields) < 2 {
		return 0, fmt.Errorf("no rate in %q", line)
	}
	return strconv.ParseFloat(strings.Trim(fields[1], `"`), 64)
}

func oursIn(results []measured, workload string) string {
	for _, m := range results {
		if row, ok := m.Row(clients.OursName); ok && m.Name() == workload {
			return versus.FormatRate(rate(row))
		}
	}
	return "-"
}
