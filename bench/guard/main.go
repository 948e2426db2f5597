// Command guard says whether operations of ours have become worse than baseline.json: in what they allocate, in what they send, and in their time over that of a floor
// which does the same with the same bytes in the same run. There are no times in it, so that it holds on any machine. It prints a table, and exits with 1 when anything
// is worse.
//
//	cd bench && go run ./guard
//	cd bench && go run ./guard -update
//
// The second writes the baseline anew.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

// settings are many short samples, so that some are left alone also where others want the processor.
var settings = versus.Settings{Rounds: 60, Sample: time.Millisecond}

func main() {
	path := flag.String("baseline", "guard/baseline.json", "file of the baseline")
	update := flag.Bool("update", false, "write the baseline anew")
	flag.Parse()
	ops, err := operations()
	if err == nil {
		err = newGuard(ops, settings).run(os.Stdout, *path, *update)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "guard:", err)
		os.Exit(1)
	}
}

var errWorse = errors.New("not as good as the baseline; what is meant to be so is written by `go run ./guard -update` in bench/")

// run compares with the baseline at path, or writes it.
func (g guard) run(w io.Writer, path string, update bool) error {
	if update {
		return g.update(path)
	}
	b, err := readBaseline(path)
	if err != nil {
		return err
	}
	r, err := g.compare(b)
	if err != nil {
		return err
	}
	if err := r.write(w); err != nil {
		return err
	}
	if len(r.fails) > 0 {
		return errWorse
	}
	return nil
}

func (g guard) update(path string) error {
	b := newBaseline()
	for _, op := range g.operations {
		f, err := g.typical(op)
		if err != nil {
			return err
		}
		f[overFloor] = rounded(f[overFloor], 100)
		b.Operations[op.name] = f
	}
	return b.write(path)
}
