package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// save keeps what a program printed, behind a line that says how long it took.
func (c chapter) save(folder string) error {
	if folder == "" {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return replace(filepath.Join(folder, c.part.name), fmt.Appendf(nil, "%v\n%s", c.took, c.text))
}

// kept returns what a run before has printed.
func kept(folder string, p part) (c chapter, ok bool) {
	if folder == "" {
		return c, false
	}
	content, err := os.ReadFile(filepath.Join(folder, p.name))
	if err != nil {
		return c, false
	}
	took, text, _ := strings.Cut(string(content), "\n")
	c = chapter{part: p, text: text}
	c.took, err = time.ParseDuration(took)
	return c, err == nil
}
