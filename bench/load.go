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
