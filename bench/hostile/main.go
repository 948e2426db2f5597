// Program hostile shows what bwredis and other Go clients of Redis do with replies that no server should send, and what memory that takes. It prints a table
// in Markdown: a row for every frame, a column for every client.
//
// Each client reads each frame in a process of its own, which may take 12 GiB of address space and a minute: some of them do not survive. That bound, and
// the figures from /proc, exist on Linux only. It exits with 1 when a reply ended bwredis, or could not be put to a client.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

func main() {
	if name := os.Getenv(childEnv); name != "" {
		os.Exit(childMain(name))
	}
	pattern := flag.String("run", "", "only frames whose names match this regular expression")
	only := flag.String("client", "", "only the client of this name")
	verbose := flag.Bool("v", false, "print what each client said as well")
	doc := flag.Bool("doc", false, "print the document, docs/hostile.md, rather than the table alone")
	peak := flag.Bool("peak", false, "print the memory of every case: address space, and what of it was touched")
	flag.Parse()
	frames, columns, err := choose(*pattern, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(2)
	}
	t := runAll(frames, columns)
	if *doc {
		writeIntroduction(os.Stdout)
	}
	t.writeTable(os.Stdout, *peak)
	if *verbose {
		t.writeDetails(os.Stdout)
	}
	t.writeRatio(os.Stdout)
	if t.bad() {
		os.Exit(1)
	}
}

// choose returns the indexes into corpus, and into contenders, that the flags select.
func choose(pattern, only string) (frames, columns []int, err error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, nil, err
	}
	for i, f := range corpus() {
		if re.MatchString(f.Name) {
			frames = append(frames, i)
		}
	}
	for i, c := range contenders {
		if only == "" || c.Name == only {
			columns = append(columns, i)
		}
	}
	if len(frames) == 0 || len(columns) == 0 {
		return nil, nil, fmt.Errorf("nothing matches -run %q -client %q", pattern, only)
	}
	return frames, columns, nil
}
