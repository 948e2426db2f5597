package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const swept = "# Sweep\n\nSome words.\n\n## Summary\n\n| workload | ours | best peer |  | ratio | ours is |\n| --- | ---: | ---: | --- | ---: | --- |\n| `get-1` | 2k | 1k | radix | 1.2 (1.1..1.3) | ahead |\n| `get-2` | 1k | 2k | redigo | 0.9 (0.8..1.1) | **not ahead** |\n"

const measured = `# Pools

words

#### a table

| x |
| --- |

#### goals

| workload | figure | goal | measured | met |
| --- | --- | ---: | ---: | --- |
| ` + "`a`" + ` | rate | ≥ 1 | 2 | met |
| ` + "`b`" + ` | rate | ≥ 2 | 1 | **not met** |
| ` + "`c`" + ` | rate | ≥ 2 | - | - |
`

// says is a part that prints a text, and ends with a code.
func says(t *testing.T, name, doc, text, code string) part {
	t.Helper()
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return part{name: name, title: "Title of " + name, doc: doc, program: "sh", args: []string{"-c", "cat '" + path + "'; exit " + code}}
}

func rootFor(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"docs", "bench/plots/sweep"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestDocument(t *testing.T) {
	root := rootFor(t)
	if err := os.WriteFile(filepath.Join(root, "bench/plots/sweep/p99.svg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sweep := says(t, "sweep", "", swept, "0")
	sweep.plots = "plots/sweep"
	all := []part{sweep, says(t, "pools", "pool.md", measured, "0")}
	if err := run(t.Context(), options{root: root}, all, io.Discard); err != nil {
		t.Fatal(err)
	}
	text := read(t, root, "bench", "RESULTS.md")
	for _, want := range []string{
		"1 of 2 goals are met", "| `b` | rate | ≥ 2 | 1 |\n", "- `get-2`: 0.9 (0.8..1.1) of redigo\n", strings.TrimSpace(why),
		"\n## Title of sweep\n", "\n### Summary\n", "![p99](plots/sweep/p99.svg)", "[docs/pool.md](../docs/pool.md)", "#### goals", "| `c` | rate | ≥ 2 | - | - |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"# Sweep\n\n", "- `get-1`", "#### a table", "# Pools"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q is in:\n%s", unwanted, text)
		}
	}
	if got := read(t, root, "docs", "pool.md"); got != measured {
		t.Errorf("docs has %q", got)
	}
}

// A table may have several goals in a row.
func TestGoalsInARow(t *testing.T) {
	met, missed := goals("#### goals\n\n| workload | time at most | measured | met | at most | measured | met |\n| --- | --- | ---: | --- | ---: | ---: | --- |\n" +
		"| dec | 1.10 × floor | 1.24 (1.1..1.3) | **not met** | 5 µs | 3 µs | met |\n| enc | 1 × floor | 0.9 | met | - | 1 | - |\n")
	if want := "| `dec` |  | 1.10 × floor | 1.24 (1.1..1.3) |\n"; met != 2 || len(missed) != 1 || missed[0] != want {
		t.Errorf("%d met, missed %q", met, missed)
	}
}

// A program that fails is named, those behind it run, and what it would have replaced stays.
func TestFailedProgram(t *testing.T) {
	root := rootFor(t)
	if err := os.WriteFile(filepath.Join(root, "docs", "pool.md"), []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []part{says(t, "pools", "pool.md", "half a table", "3"), says(t, "state", "state.md", measured, "0")}
	err := run(t.Context(), options{root: root}, all, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "pools: exit status 3") {
		t.Errorf("got %v", err)
	}
	if got := read(t, root, "docs", "pool.md"); got != "before" {
		t.Errorf("docs has %q", got)
	}
	if text := read(t, root, "bench", "RESULTS.md"); !strings.Contains(text, "**`pools` failed: exit status 3.") || !strings.Contains(text, "1 of 2 goals") {
		t.Errorf("got %s", text)
	}
}

// A run that goes on measures only what is missing, and tells of all.
func TestKeep(t *testing.T) {
	root, folder := rootFor(t), filepath.Join(t.TempDir(), "kept")
	all := []part{says(t, "state", "state.md", measured, "0"), says(t, "pools", "pool.md", "half", "3")}
	if err := run(t.Context(), options{root: root, keep: folder}, all, io.Discard); err == nil {
		t.Error("a failure is forgotten")
	}
	again := []part{says(t, "state", "state.md", "", "1"), says(t, "pools", "pool.md", measured, "0")}
	if err := run(t.Context(), options{root: root, keep: folder}, again, io.Discard); err != nil {
		t.Error(err)
	}
	if text := read(t, root, "bench", "RESULTS.md"); !strings.Contains(text, "2 of 4 goals are met") {
		t.Errorf("got %s", text)
	}
}

func TestOnly(t *testing.T) {
	root := rootFor(t)
	all := []part{says(t, "pools", "pool.md", "x", "3"), says(t, "state", "state.md", measured, "0")}
	if err := run(t.Context(), options{root: root, only: "^state$"}, all, io.Discard); err != nil {
		t.Error(err)
	}
	if text := read(t, root, "bench", "RESULTS.md"); !strings.Contains(text, "## Not in this run\n\n- Title of pools: ") || !strings.Contains(text, "[docs/pool.md](../docs/pool.md) is of an earlier one") {
		t.Errorf("got %s", text)
	}
	for _, only := range []string{"nobody", "("} {
		if err := run(t.Context(), options{root: root, only: only}, all, io.Discard); err == nil {
			t.Errorf("%q runs", only)
		}
	}
}

// Every part is a program of this module, and what goes to docs is there.
func TestParts(t *testing.T) {
	names := map[string]bool{}
	for _, p := range parts(options{rounds: 3}) {
		if names[p.name] {
			t.Errorf("%s is twice", p.name)
		}
		names[p.name] = true
		if _, err := os.Stat(filepath.Join("..", p.args[0], "main.go")); err != nil {
			t.Error(err)
		}
		if p.doc == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", "..", "docs", p.doc)); err != nil {
			t.Error(err)
		}
	}
}
