package bench

import (
	"fmt"
	"os"
)

// Load returns how many programs wanted a processor during the last minute, on average; 0 where the system does not say.
func Load() (load float64) {
	text, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		_, _ = fmt.Sscan(string(text), &load)
	}
	return load
}

// Busy says that others worked on the machine as well, when they did before a measurement began.
func Busy(load float64, processors int) string {
	if load < 0.5*float64(processors) {
		return ""
	}
	return fmt.Sprintf("The machine was busy with other work: before, %.1f programs wanted its %d processors. ", load, processors)
}
