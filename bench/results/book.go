package main

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// why is written by hand: the reasons for what the tables show.
//
//go:embed why.md
var why string

//go:embed reliability.md
var reliability string

// A chapter is what a program printed.
type chapter struct {
	part part
	text string
	took time.Duration
	err  error
}

// A book is the document.
type book struct {
	root     string // of the repository
	machine  string
	load     float64 // when it began; 0: not known
	when     time.Time
	chapters []chapter
	absent   []part // that were not asked for
}

const preface = `# Results

    make bench-full

writes this anew, with the tables in [docs](../docs) that it names: one run, on %s, of %s. %sEach program's command stands above what it printed, and
prints the same by itself. Absolute figures hold for the machine that they were taken on; ratios are within one round of one run. A range behind a ratio is that of the rounds: where it
reaches across 1, neither side is ahead.

`

func (b *book) write() error {
	var s strings.Builder
	busy := ""
	if b.load >= 1 {
		busy = fmt.Sprintf("The machine was busy with other work when it began: %.1f programs wanted a processor. ", b.load)
	}
	fmt.Fprintf(&s, preface, b.machine, b.when.UTC().Format("2 January 2006"), busy)
	b.writeShort(&s)
	for _, c := range b.chapters {
		c.write(&s, b.root)
	}
	if len(b.absent) > 0 {
		s.WriteString("## Not in this run\n\n")
		for _, p := range b.absent {
			fmt.Fprintf(&s, "- %s: `%s`%s\n", p.title, p.command(), p.earlier())
		}
		s.WriteString("\n")
	}
	s.WriteString(reliability)
	return replace(filepath.Join(b.root, "bench", "RESULTS.md"), []byte(strings.TrimRight(s.String(), "\n")+"\n"))
}

// writeShort says what the reader came for: how many goals are met, which are not, where another client is ahead, and why.
func (b *book) writeShort(s *strings.Builder) {
	var met int
	var missed, behind []string
	for _, c := range b.chapters {
		m, not := goals(c.text)
		met += m
		missed = append(missed, not...)
		behind = append(behind, behindOf(c.text)...)
		if c.err != nil {
			fmt.Fprintf(s, "**`%s` failed: %v. What follows of it is not whole.**\n\n", c.part.name, c.err)
		}
	}
	fmt.Fprintf(s, "## In short\n\n%d of %d goals are met.", met, met+len(missed))
	if len(missed) > 0 {
		s.WriteString(" These are not:\n\n| workload | figure | goal | measured |\n| --- | --- | ---: | ---: |\n" + strings.Join(missed, ""))
	}
	s.WriteString("\n\n### Where we are not ahead\n\n")
	if len(behind) > 0 {
		s.WriteString("The sweep's workloads whose median is behind the best peer's:\n\n" + strings.Join(behind, "") + "\n")
	} else {
		s.WriteString("In this run, no workload of the sweep.\n\n")
	}
	s.WriteString(strings.TrimSpace(why) + "\n\n")
}

const goalsHeading = "#### goals\n"

// goals counts the verdicts in a program's table of goals, and returns a row for each figure that is not as it should be. Before a verdict come the goal and what was measured;
// a table may have several in a row.
func goals(text string) (met int, missed []string) {
	_, table, found := strings.Cut(text, goalsHeading)
	if !found {
		return 0, nil
	}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if slices.Contains(cells, "goal") || slices.Contains(cells, "measured") {
			continue // the table's head
		}
		for i, cell := range cells {
			switch {
			case cell == "met":
				met++
			case cell == "**not met**" && i >= 3:
				missed = append(missed, missedRow(cells, i))
			}
		}
	}
	return met, missed
}

// missedRow is workload, figure, goal and what was measured, of which a table with several goals in a row does not have the figure.
func missedRow(cells []string, verdict int) string {
	figure := ""
	if verdict == 4 && len(cells) == 5 {
		figure = cells[1]
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", strings.Trim(cells[0], "`"), figure, cells[verdict-2], cells[verdict-1])
}

// behindMark is how the sweep says in its summary that a peer was ahead.
const behindMark = "not ahead"

func behindOf(text string) (lines []string) {
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|") // the first is empty: workload, ours, best peer, its name, ratio
		if len(cells) > 6 && strings.Contains(line, behindMark) {
			lines = append(lines, fmt.Sprintf("- %s: %s of %s\n", strings.TrimSpace(cells[1]), strings.TrimSpace(cells[5]), strings.TrimSpace(cells[4])))
		}
	}
	return lines
}

// write adds what a program printed, one level down; of one whose tables are in docs only how its goals stand.
func (c chapter) write(s *strings.Builder, root string) {
	fmt.Fprintf(s, "## %s\n\n    %s\n\nIt took %v.", c.part.title, c.part.command(), c.took.Round(time.Second))
	body := lowered(c.text)
	if c.part.doc != "" {
		fmt.Fprintf(s, " The tables are in [docs/%[1]s](../docs/%[1]s).", c.part.doc)
		_, table, found := strings.Cut(body, goalsHeading)
		if body = ""; found {
			body = goalsHeading + table
		}
	}
	s.WriteString("\n\n" + body)
	if body != "" {
		s.WriteString("\n")
	}
	for _, plot := range c.plots(root) {
		fmt.Fprintf(s, "![%s](%s)\n\n", strings.TrimSuffix(filepath.Base(plot), ".svg"), plot)
	}
}

// lowered takes the title off a program's output, and moves its headings of the second level below the chapter's.
func lowered(text string) string {
	var s strings.Builder
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		switch {
		case strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "## "), strings.HasPrefix(line, "### "):
			s.WriteString("#" + line)
		default:
			s.WriteString(line)
		}
	}
	return strings.TrimLeft(s.String(), "\n")
}

// plots are as the document links them.
func (c chapter) plots(root string) (links []string) {
	if c.part.plots == "" {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(root, "bench", c.part.plots, "*.svg"))
	slices.Sort(found)
	for _, path := range found {
		links = append(links, c.part.plots+"/"+filepath.Base(path))
	}
	return links
}
