package clients

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

// The documents say of every library which version was measured. (A test knows nothing of the modules that it is built with, so go.mod tells.)
func TestVersions(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	info := &debug.BuildInfo{GoVersion: "go1.0"}
	for line := range strings.Lines(string(mod)) {
		if path, version, ok := strings.Cut(strings.TrimSpace(line), " v"); ok {
			version, _, _ = strings.Cut(version, " ")
			info.Deps = append(info.Deps, &debug.Module{Path: path, Version: "v" + version})
		}
	}
	got := versions(info)
	wanted := 2 // puddle and Go
	for _, c := range Peers() {
		if !c.IsPlain() {
			continue
		}
		if wanted++; !strings.Contains(got, c.Name+" v") {
			t.Errorf("nothing says which version of %s it is: %s", c.Name, got)
		}
	}
	if n := len(strings.Split(got, ", ")); n != wanted || !strings.HasSuffix(got, ", go1.0") {
		t.Errorf("%d versions, want %d: %s", n, wanted, got)
	}
}
