package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

const (
	worthTelling = 16 << 20 // bytes of memory that a cell mentions unasked
	manyReceived = 1 << 20  // bytes of a frame that the ratio is meaningful for
)

// writeTable prints the table in Markdown.
func (t *table) writeTable(w io.Writer, peak bool) {
	header, rule := "| reply | bytes |", "| --- | --- |"
	for _, c := range t.columns {
		header += " " + contenders[c].Name + " |"
		rule += " --- |"
	}
	fmt.Fprintf(w, "%s\n%s\n", header, rule)
	for row, f := range t.frames {
		cells := []string{corpus()[f].Name, shown(corpus()[f])}
		for col, r := range t.results[row] {
			cell := r.cell(peak)
			if contenders[t.columns[col]].Name == ours && r.Outcome == failed {
				cell += ": " + r.Detail
			}
			cells = append(cells, cell)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// cell is a result for the table. What ends a caller or its process is in bold.
func (r result) cell(peak bool) string {
	text := r.Outcome
	switch r.Outcome {
	case accepted:
		text = "accepts " + span(r.Detail)
	case crashed:
		text = "**crash**: " + r.Detail
	case panicked, hung, broken:
		text = "**" + text + "**"
	}
	switch {
	case peak:
		text += fmt.Sprintf(" (takes %s, touches %s)", size(r.Sys), size(r.RSS))
	case max(r.Sys, r.RSS) >= worthTelling:
		text += ", " + size(max(r.Sys, r.RSS))
	}
	return text
}

// writeDetails prints the words that the table has no room for.
func (t *table) writeDetails(w io.Writer) {
	for row, f := range t.frames {
		fmt.Fprintf(w, "\n%s:\n", corpus()[f].Name)
		for col, c := range t.columns {
			r := t.results[row][col]
			fmt.Fprintf(w, "- %s: %s: %s\n", contenders[c].Name, r.Outcome, r.Detail)
		}
	}
}

// writeRatio says what memory this library takes for what it receives. Beside short frames the buffers are everything, so that they are left out of the ratio.
func (t *table) writeRatio(w io.Writer) {
	col := slices.IndexFunc(t.columns, func(c int) bool { return contenders[c].Name == ours })
	if col < 0 {
		return
	}
	var allocated int64
	worst := map[string]int{} // by outcome, the row
	for row := range t.frames {
		r := t.results[row][col]
		if r.Received < manyReceived {
			allocated = max(allocated, r.Allocated)
		} else if other, ok := worst[r.Outcome]; !ok || r.ratio() > t.results[other][col].ratio() {
			worst[r.Outcome] = row
		}
	}
	fmt.Fprintf(w, "\nOurs, where less than %s arrived: at most %s allocated.\n", size(manyReceived), size(allocated))
	for _, outcome := range slices.Sorted(maps.Keys(worst)) {
		row := worst[outcome]
		r := t.results[row][col]
		fmt.Fprintf(w, "Ours, where more arrived, and the outcome is %s: at most %.1f bytes taken for each byte received (%s: %s for %s).\n",
			outcome, r.ratio(), corpus()[t.frames[row]].Name, size(r.Sys), size(r.Received))
	}
}

func (r result) ratio() float64 { return float64(r.Sys) / float64(max(1, r.Received)) }

// bad reports whether a case could not be put, or this library neither refused nor accepted a reply.
func (t *table) bad() bool {
	for _, row := range t.results {
		for col, r := range row {
			survived := r.Outcome == failed || r.Outcome == accepted
			if r.Outcome == broken || contenders[t.columns[col]].Name == ours && !survived {
				return true
			}
		}
	}
	return false
}
