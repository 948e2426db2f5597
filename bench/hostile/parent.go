package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

const (
	parallel  = 2           // children at a time: each may touch gigabytes
	wallClock = time.Minute // for a child
	maxOutput = 1 << 20     // of a child that is kept
)

// A table is what came of every case.
type table struct {
	frames, columns []int      // indexes into corpus and contenders
	results         [][]result // by row and column
}

// runAll puts every case to a child of its own, and tells on standard error how far it is.
func runAll(frames, columns []int) *table {
	t := &table{frames: frames, columns: columns, results: make([][]result, len(frames))}
	slots := make(chan struct{}, parallel)
	var wg sync.WaitGroup
	for row, f := range frames {
		t.results[row] = make([]result, len(columns))
		for col, c := range columns {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				r := spawn(contenders[c].Name, f)
				t.results[row][col] = r
				fmt.Fprintf(os.Stderr, "%d/%d %s, %s: %s\n", row+1, len(frames), corpus()[f].Name, contenders[c].Name, r.Outcome)
			})
		}
	}
	wg.Wait()
	return t
}

// spawn runs this program again for one case.
func spawn(client string, frame int) result {
	self, err := os.Executable()
	if err != nil {
		return result{Outcome: broken, Detail: err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), wallClock)
	defer cancel()
	var stdout, stderr head
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), childEnv+"="+client+"/"+strconv.Itoa(frame))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return result{Outcome: broken, Detail: err.Error()}
	}
	_ = cmd.Wait() // what it printed says more than how it exited
	return interpret(stdout.Bytes(), stderr.Bytes(), ctx.Err() != nil, peakOf(cmd.ProcessState))
}

// A head keeps the beginning of what is written to it: the trace of a crash can be long.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	_, _ = h.Buffer.Write(p[:min(len(p), maxOutput-h.Len())])
	return len(p), nil
}
