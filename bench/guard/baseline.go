package main

import (
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"strings"
)

// A baseline is what was measured when all was well.
type baseline struct {
	Go         string             `json:"go"`
	Arch       string             `json:"goarch"`
	Operations map[string]figures `json:"operations"`
}

// newBaseline is of the Go and the machine that this runs with.
func newBaseline() baseline {
	return baseline{Go: runtime.Version(), Arch: runtime.GOARCH, Operations: map[string]figures{}}
}

func readBaseline(path string) (b baseline, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return b, err
	}
	if len(b.Operations) == 0 {
		return b, errors.New(path + " has no operations")
	}
	return b, nil
}

// write writes it with its keys sorted, so that a change shows as one.
func (b baseline) write(path string) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// otherThan says what b was taken with, when figures of now may differ for no other reason.
func (b baseline) otherThan(now baseline) (note string) {
	if minor(b.Go) == minor(now.Go) && b.Arch == now.Arch {
		return ""
	}
	return "the baseline is of " + b.Go + " on " + b.Arch + ", this is " + now.Go + " on " + now.Arch + ": where figures differ that may be why"
}

// minor is the version of Go without its patch level: go1.26.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}
