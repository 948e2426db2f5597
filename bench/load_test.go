package bench

import (
	"strings"
	"testing"
)

func TestBusy(t *testing.T) {
	if got := Busy(0.2, 2); got != "" {
		t.Errorf("an idle machine is %q", got)
	}
	if got := Busy(7.5, 2); !strings.Contains(got, "7.5") {
		t.Errorf("a busy machine is %q", got)
	}
}
