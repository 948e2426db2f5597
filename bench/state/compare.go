package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/bench/versus"
)

// An experiment is a workload, and for how long it is measured.
type experiment struct {
	versus.Workload
	stretch int // its samples last this many times as long; 0: once
}

const rawName = "raw"

func workloadName(operation string, callers int) string {
	return fmt.Sprintf("%s-%d", operation, callers)
}

// experiments are the operations on the server, by one caller and by many.
func (s *site) experiments() (all []experiment) {
	for _, op := range operations() {
		for _, callers := range []int{1, callersOf64} {
			e := experiment{Workload: s.beside(op, callers)}
			if op.name == batched {
				e.stretch = 3
			}
			all = append(all, e)
		}
	}
	return all
}

// beside is an operation beside the same by hand.
func (s *site) beside(op operation, callers int) versus.Workload {
	rec := crowd.NewRecorder(callers)
	title := fmt.Sprintf("%s, %d callers", op.title, callers)
	if callers == 1 {
		title = op.title + ", 1 caller"
	}
	w := versus.Workload{Name: workloadName(op.name, callers), Title: title, Unit: "operations", AsRate: true, Gauges: rec.Gauges()}
	floor := s.raw(op)
	if callers > 1 {
		floor = rawpipe.Contender(s.tcp, s.questions(op), callers, true)
	}
	w.Reference = floor.Name
	w.Contenders = append(w.Contenders, floor, crowd.Timed(clients.OursName, versus.Ours, right, rec, s.ours(op, s.tcp, connections, callers, rec)))
	if callers > 1 {
		w.Contenders = append(w.Contenders, crowd.Timed(oursOneName, versus.Ours, right, rec, s.ours(op, s.tcp, 1, callers, rec)))
	}
	for _, c := range byHand(len(s.recorded[op.name][0].commands), callers) {
		w.Contenders = append(w.Contenders, s.hand(c, op, rec, callers))
	}
	return w
}

// questions are what floors ask: all of them what the first caller does.
func (s *site) questions(op operation) []rawpipe.Question {
	r := s.recorded[op.name][0]
	lines := 0
	for _, frame := range r.frames {
		for _, b := range frame {
			if b == '\n' {
				lines++
			}
		}
	}
	return []rawpipe.Question{{Request: r.sent, Lines: lines, Right: func(got []byte) bool { return len(got) > 0 && got[0] != '-' || string(got[:3]) == "$-1" }}}
}

// raw is one write and one read.
func (s *site) raw(op operation) versus.Contender {
	return versus.Contender{Name: rawName, Kind: versus.Floor, Setup: func() (versus.Run, func(), error) {
		w, err := rawpipe.NewWire(context.Background(), s.tcp, s.questions(op), 1)
		if err != nil {
			return nil, nil, err
		}
		return w.Run, func() { _ = w.NC.Close() }, nil
	}}
}

// figures are all that was measured, by the name of the workload.
type figures map[string]versus.Result

// compare measures what is selected and writes the tables as they come.
func compare(w io.Writer, o options, s *site) error {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	writePreface(w, o, s)
	f := figures{}
	if err := s.writeCosts(w, o, only, f); err != nil {
		return err
	}
	for _, e := range s.experiments() {
		if !only.MatchString(e.Name) {
			continue
		}
		result, err := e.measure(o.Settings)
		if err == nil {
			err = result.WriteMarkdown(w)
		}
		if err != nil {
			return err
		}
		f[e.Name] = result
	}
	if len(f) == 0 {
		return fmt.Errorf("no workload matches %q", o.only)
	}
	return s.writeGoals(w, f)
}

// measure says on standard error how long it took.
func (e experiment) measure(settings versus.Settings) (versus.Result, error) {
	start := time.Now()
	settings.Sample *= time.Duration(max(1, e.stretch))
	result, err := settings.Measure(e.Workload)
	fmt.Fprintf(os.Stderr, "%s: %.1fs\n", e.Name, time.Since(start).Seconds())
	return result, err
}
