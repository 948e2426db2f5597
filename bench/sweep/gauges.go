package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"os"

	"github.com/bwredis/bwredis/bench/versus"
)

// transfers is what the process asked the system for so far.
type transfers struct{ reads, writes, bytesRead, bytesWritten float64 }

// ownTransfers reads /proc/self/io, which Linux has; ok is false elsewhere, and where it may not be read.
func ownTransfers() (t transfers, ok bool) {
	data, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return t, false
	}
	found := 0
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var name string
		var n float64
		_, _ = fmt.Sscan(lines.Text(), &name, &n)
		field, known := map[string]*float64{"syscr:": &t.reads, "syscw:": &t.writes, "rchar:": &t.bytesRead, "wchar:": &t.bytesWritten}[name]
		if known {
			*field = n
			found++
		}
	}
	return t, found == 4
}

// A transferMeter notes what a sample began with.
type transferMeter struct {
	before transfers
	ok     bool
}

// transferGauges count system calls that read or write, and their bytes, for each operation. Where the server is this process too, its own would count as well: then there is nothing to tell.
func (s *site) transferGauges() []versus.Gauge {
	m := &transferMeter{}
	gauge := func(name string, of func(t transfers) float64) versus.Gauge {
		return versus.Gauge{Name: name, Format: versus.FormatCount, Stop: func(n int) (float64, error) { return m.since(of, n), nil }}
	}
	all := []versus.Gauge{
		gauge("reads/op", func(t transfers) float64 { return t.reads }),
		gauge("writes/op", func(t transfers) float64 { return t.writes }),
		gauge("B read/op", func(t transfers) float64 { return t.bytesRead }),
		gauge("B written/op", func(t transfers) float64 { return t.bytesWritten }),
	}
	all[0].Start = func() error {
		m.before, m.ok = ownTransfers()
		m.ok = m.ok && !s.responder
		return nil
	}
	return all
}

func (m *transferMeter) since(of func(t transfers) float64, n int) float64 {
	now, ok := ownTransfers()
	if !ok || !m.ok || n <= 0 {
		return math.NaN()
	}
	return (of(now) - of(m.before)) / float64(n)
}
