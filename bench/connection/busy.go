package main

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	spinEnv         = "BWREDIS_CONNECTION_SPIN" // set: this process computes, and nothing else
	computing       = 2                         // processes beside the program
	spinsBetweenAsk = 1 << 20
)

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

// spinMain ends with whoever holds the other end of standard input, should that one not come to kill it.
func spinMain() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	spin(func() bool { return false })
}

// computingProcesses takes the processors from outside.
func computingProcesses() (stop func(), err error) {
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
	for range computing {
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

// computingGoroutines takes every processor from within.
func computingGoroutines() (stop func(), err error) {
	var done atomic.Bool
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() { spin(done.Load) })
	}
	return func() { done.Store(true); wg.Wait() }, nil
}
