package sentinels

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/bwredis/bwredis/bench/server"
)

// A set is one when Start returns, and gone after Stop, whatever state its processes are in.
func TestSet(t *testing.T) {
	binary, err := server.Find("")
	if err != nil {
		t.Skip(err)
	}
	s, err := Start(t.Context(), binary, Options{Network: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	for i, want := range []string{"master", "slave"} {
		if role, err := s.Data[i].Role(t.Context()); err != nil || role != want {
			t.Errorf("server %d is %q, %v", i, role, err)
		}
	}
	for _, n := range s.Sentinels {
		v, err := n.Do(t.Context(), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", Master)
		if err != nil || v.Len() != 2 {
			t.Fatalf("%v, %v", v, err)
		}
		if port, _ := v.Elems()[1].Text(); server.Loopback+":"+port != s.Network.Addr() {
			t.Errorf("a sentinel names port %s, and not the relay on %s", port, s.Network.Addr())
		}
	}
	s.Sentinels[0].Kill()
	if err := s.Sentinels[0].Start(t.Context()); err != nil {
		t.Errorf("a sentinel does not come back: %v", err)
	}
	if err := s.Data[0].Freeze(); err != nil {
		t.Error(err)
	}
	s.Stop()
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
	for _, n := range s.all() {
		if _, err := n.Do(t.Context(), "PING"); err == nil {
			t.Errorf("%s still answers", n.Addr)
		}
	}
}

func TestStartOfWhatIsNoServer(t *testing.T) {
	binary, err := exec.LookPath("true")
	if err != nil {
		t.Skip(err)
	}
	if s, err := Start(t.Context(), binary, Options{}); !errors.Is(err, errEnded) {
		s.Stop()
		t.Errorf("got %v", err)
	}
}
