package main

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// limitMemory bounds the address space of this process.
func limitMemory(limit uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit})
}

// peakRSS returns the most bytes that were resident since the start, or since resetPeakRSS.
func peakRSS() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	n, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
	kib, _ := strconv.ParseInt(string(n), 10, 64)
	return kib << 10
}

// resetPeakRSS is best effort: where the kernel refuses, the peak includes the start of the process.
func resetPeakRSS() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peakOf returns the most bytes of a process that has ended that were resident.
func peakOf(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return int64(u.Maxrss) << 10
	}
	return 0
}
