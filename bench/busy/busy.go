// Package busy takes the processors while clients are measured, as other programs and other parts of the same program do.
package busy

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	spinEnv         = "BWREDIS_BENCH_SPIN" // set: this process computes, and nothing else
	spinsBetweenAsk = 1 << 20
)

// Count is how many processes [Processes] starts.
const Count = 2

// spin computes until done says otherwise.
func spin(done func() bool) {
	for x := uint64(1); !done(); {
		for range spinsBetweenAsk {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
		}
		if x == 0 { // never, but the compiler does not know
			return
		}
	}
}

// Main is the first thing that a program calls which starts processes. In such a process it computes until that is killed, or until whoever holds the other end of standard
// input has ended; in the program itself it returns.
func Main() {
	if os.Getenv(spinEnv) == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	spin(func() bool { return false })
}

// Processes takes the processors from outside: copies of the program that compute.
func Processes() (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var started []*exec.Cmd
	stop = func() {
		for _, cmd := range started {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	for range Count {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), spinEnv+"=1")
		if _, err = cmd.StdinPipe(); err == nil {
			err = cmd.Start()
		}
		if err != nil {
			stop()
			return nil, err
		}
		started = append(started, cmd)
	}
	return stop, nil
}

// Goroutines takes every processor from within.
func Goroutines() (stop func(), err error) {
	var done atomic.Bool
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() { spin(done.Load) })
	}
	return func() { done.Store(true); wg.Wait() }, nil
}
