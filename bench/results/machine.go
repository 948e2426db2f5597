package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
)

// machine describes what the run is on, in words that name nobody.
func machine() string {
	kind := "a machine"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil && strings.Contains(string(info), " hypervisor") {
		kind = "a virtual machine"
	}
	text := fmt.Sprintf("%s with %d processors (%s, %s)", kind, runtime.NumCPU(), runtime.GOARCH, runtime.GOOS)
	if gib := memory(); gib > 0 {
		text += fmt.Sprintf(" and %.0f GiB of memory", gib)
	}
	return text
}

// memory returns GiB, 0 where the system does not say.
func memory() float64 {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	var kib float64
	_, _ = fmt.Sscanf(string(info), "MemTotal: %f kB", &kib)
	return math.Round(kib / (1 << 20))
}
