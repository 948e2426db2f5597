package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// Every chart is a picture, with a line for each library in its best mode.
func TestPlots(t *testing.T) {
	var results []measured
	drawn := map[series]bool{}
	for _, ch := range charts() {
		if drawn[ch.series] {
			continue // several charts show one series
		}
		drawn[ch.series] = true
		for at := 1; at <= 256; at *= 4 {
			who := []versus.Contender{
				pretend("raw pipe 2x32", versus.Floor, 4000), pretend(clients.OursName, versus.Ours, 2000),
				pretend("a", versus.Peer, 1), pretend("a/fast", versus.Peer, 20), pretend("b, defaults", versus.Peer, 200),
			}
			if at == 1 {
				who = slices.DeleteFunc(who, func(c versus.Contender) bool { return c.Name == "a/fast" }) // has nothing to gain
			}
			results = append(results, made(t, string(ch.series), point{ch.series, at}, who...))
		}
	}
	dir := filepath.Join(t.TempDir(), "plots")
	if err := writePlots(dir, results); err != nil {
		t.Fatal(err)
	}
	for _, ch := range charts() {
		texts, lines := readSVG(t, filepath.Join(dir, ch.file+".svg"))
		for _, want := range []string{floorName, clients.OursName, "a/fast", "b, defaults", ch.title, ch.x, ch.y} {
			if !slices.Contains(texts, want) {
				t.Errorf("%s has no %q: %q", ch.file, want, texts)
			}
		}
		if slices.Contains(texts, "a") {
			t.Errorf("%s has two modes of one library", ch.file)
		}
		if lines != 4 {
			t.Errorf("%s has %d lines of 4", ch.file, lines)
		}
	}
}

// readSVG returns the texts, and how many paths have more than two corners without being filled: curves, rather than ticks and dots.
func readSVG(t *testing.T, file string) (texts []string, lines int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts, lines
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		switch token := token.(type) {
		case xml.CharData:
			texts = append(texts, strings.TrimSpace(string(token)))
		case xml.StartElement:
			lines += corners(token)
		}
	}
}

func corners(e xml.StartElement) int {
	path, filled := "", true
	for _, a := range e.Attr {
		switch a.Name.Local {
		case "d":
			path = a.Value
		case "style":
			filled = !strings.Contains(a.Value, "fill:none")
		}
	}
	if !filled && strings.Count(path, "L") > 2 {
		return 1
	}
	return 0
}
