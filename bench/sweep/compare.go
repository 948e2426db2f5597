package main

import (
	"fmt"
	"io"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

// A measured workload is one with its result.
type measured struct {
	experiment
	versus.Result
}

// measureAll writes the tables as they come.
func measureAll(o options, all []experiment, out, progressTo io.Writer) (results []measured, err error) {
	total := 0.0
	for _, e := range all {
		total += e.weight(o.Settings)
	}
	p := newProgress(progressTo, onTerminal(progressTo), time.Now, total)
	defer p.run(time.Second)()
	for _, e := range all {
		p.start(e.Name, e.weight(o.Settings))
		result, err := e.measure(o.Settings)
		p.finish()
		if err == nil {
			err = result.WriteMarkdown(out)
		}
		if err != nil {
			return nil, err
		}
		results = append(results, measured{e, result})
	}
	return results, nil
}

// measure runs the workload amid its load.
func (e experiment) measure(settings versus.Settings) (versus.Result, error) {
	settings.Sample *= time.Duration(max(1, e.stretch))
	if e.load != nil {
		stop, err := e.load()
		if err != nil {
			return versus.Result{}, fmt.Errorf("%s: %w", e.Name, err)
		}
		defer stop()
	}
	return settings.Measure(e.Workload)
}

// What a sample costs beside its own time: warming up is a tenth of it, and the collector runs before.
const (
	warmUp     = 1.1
	sampleCost = 5 * time.Millisecond
)

// weight is how long it takes, in seconds, about.
func (e experiment) weight(settings versus.Settings) float64 {
	sample := warmUp*float64(settings.Sample)*float64(max(1, e.stretch)) + float64(sampleCost)
	return sample / float64(time.Second) * float64(settings.Rounds*len(e.Contenders))
}
