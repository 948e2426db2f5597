package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A report is how all figures stand to the baseline.
type report struct {
	rows  []string
	notes []string
	fails []string // what is worse, or not to be compared
}

// compare measures everything and compares it.
func (g guard) compare(b baseline) (r report, err error) {
	if other := b.otherThan(newBaseline()); other != "" {
		r.notes = append(r.notes, other)
	}
	left := maps.Clone(b.Operations)
	for _, op := range g.operations {
		f, err := g.measure(op, b.Operations[op.name])
		if err != nil {
			return r, err
		}
		r.add(op.name, op.floor, f, b.Operations[op.name])
		delete(left, op.name)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		r.add(name, "-", nil, left[name])
	}
	return r, nil
}

// add judges the figures of one operation.
func (r *report) add(name, floor string, measured, baseline figures) {
	cells, said := []string{"`" + name + "`"}, same
	for _, figure := range figureNames {
		v := judge(figure, measured, baseline)
		said = max(said, v)
		cells = append(cells, cell(figure, measured, baseline))
		text := fmt.Sprintf("%s: %s is %s, baseline %s", name, figure, written(figure, measured), written(figure, baseline))
		switch {
		case v.fails():
			r.fails = append(r.fails, text+": "+v.String())
		case v == better:
			r.notes = append(r.notes, text+": run `go run ./guard -update` in bench/ to keep what was gained")
		}
	}
	r.rows = append(r.rows, "| "+strings.Join(append(cells, floor, said.String()), " | ")+" |\n")
}

// cell is one figure, with its baseline where that is another.
func cell(name string, measured, baseline figures) string {
	got, want := written(name, measured), written(name, baseline)
	if got == want {
		return got
	}
	return got + " (" + want + ")"
}

func written(name string, f figures) string {
	v, ok := f[name]
	switch {
	case !ok:
		return "-"
	case name == overFloor:
		return fmt.Sprintf("%.2f", v)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// write writes the table, and below it a line for whatever somebody should know.
func (r report) write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| operation | allocations | bytes allocated | bytes sent | round trips | time / floor | floor | verdict |\n")
	b.WriteString("| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |\n")
	b.WriteString(strings.Join(r.rows, "") + "\nIn brackets: the baseline, where it is another.\n\n")
	for _, note := range r.notes {
		b.WriteString("note: " + note + "\n")
	}
	for _, fail := range r.fails {
		b.WriteString("FAIL " + fail + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
