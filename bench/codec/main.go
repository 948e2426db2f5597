// Command codec compares codecs of RESP, on the same bytes and in one run: bare loops, package resp, and other clients. It prints a table for each workload, and then
// how the figures stand to the goals.
//
//	cd bench && go run ./codec -run 'dec-(int|bulk5)'
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

func main() {
	rounds := flag.Int("rounds", versus.DefaultRounds, "samples of each contender")
	sample := flag.Duration("sample", versus.DefaultSample, "how long a sample lasts, about")
	pattern := flag.String("run", "", "regular expression of the workloads to run; empty: all")
	flag.Parse()
	settings := versus.Settings{Rounds: *rounds, Sample: *sample}
	if err := compare(os.Stdout, settings, *pattern); err != nil {
		fmt.Fprintln(os.Stderr, "codec:", err)
		os.Exit(1)
	}
}

const preface = `# Codecs compared

    make bench-codec

prints this anew: medians of %d interleaved rounds of about %v each, with %s on %d processors. Times hold for the machine that they were taken on;
ratios are within a round.

"Receive only", "Unmarshal only", "Send only" and "Marshal only" are the client's codec with its own buffering. "Pipeline over memory conn" is a whole client over a
connection within memory, used as all comparisons use it: more than a codec, for commands are encoded, queued and matched as well. A codec that cannot be imported is
seen only so. Where replies are decoded, clients that can keep a command ready to send do so, and what is borrowed is read into the caller's memory by those that can. What
all of them are asked through costs such a client some nanoseconds, which show where replies are short; of a megabyte there is one reply at a time, and no pipeline. The
floors are bare loops that trust the bytes.

`

func compare(w io.Writer, settings versus.Settings, pattern string) error {
	selected, err := versus.Select(workloads(), pattern)
	if err != nil {
		return err
	}
	if len(selected) == 0 {
		return fmt.Errorf("no workload matches %q", pattern)
	}
	fmt.Fprintf(w, preface, settings.Rounds, settings.Sample, clients.Versions(), runtime.GOMAXPROCS(0))
	var results []versus.Result
	for _, workload := range selected {
		result, err := settings.Measure(workload)
		if err != nil {
			return err
		}
		if err := result.WriteMarkdown(w); err != nil {
			return err
		}
		results = append(results, result)
	}
	return writeGoals(w, results)
}
