package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/conn"
)

const commandsPerRead = "commands/read"

// A meter reads from the server's statistics how many commands came with one of its reads.
type meter struct {
	conn            *conn.Conn
	commands, reads float64 // at the beginning of a sample
}

func newMeter(ctx context.Context, t dial.Target) (*meter, error) {
	c, err := t.Ours(ctx)
	return &meter{conn: c}, err
}

func (m *meter) close() { _ = m.conn.Close() }

func (m *meter) gauge() versus.Gauge {
	return versus.Gauge{Name: commandsPerRead, Format: func(v float64) string { return fmt.Sprintf("%.1f", v) }, Start: m.start, Stop: m.stop}
}

func (m *meter) start() (err error) {
	m.commands, m.reads, err = m.read()
	return err
}

func (m *meter) stop(int) (float64, error) {
	commands, reads, err := m.read()
	if err != nil {
		return 0, err
	}
	commands, reads = commands-m.commands-1, reads-m.reads-1 // without the question itself
	if reads <= 0 {
		return math.NaN(), nil
	}
	return commands / reads, nil
}

func (m *meter) read() (commands, reads float64, err error) {
	v, err := m.conn.Do(context.Background(), "INFO", "stats")
	if err != nil {
		return 0, 0, err
	}
	text, err := v.Text()
	return field(text, "total_commands_processed:"), field(text, "total_reads_processed:"), err
}

// field returns a number of INFO; 0: the server does not tell.
func field(info, name string) float64 {
	_, rest, _ := strings.Cut(info, name)
	digits, _, _ := strings.Cut(rest, "\r\n")
	n, _ := strconv.ParseFloat(digits, 64)
	return n
}
