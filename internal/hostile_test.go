package internal

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
	"github.com/bwredis/bwredis/resp"
)

// docs/hostile.md has a row for every hostile reply, and says of it what the codec says. (The columns of the peers are as they were when it was written.)
func TestHostileDocument(t *testing.T) {
	doc, err := os.ReadFile("../docs/hostile.md")
	require.NoError(t, err)
	rows, columns := map[string]string{}, 0
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "/"), " | ")
		if cells[0] == "| reply" {
			columns = len(cells)
		}
		if len(cells) == columns {
			rows[strings.TrimPrefix(cells[0], "| ")] = cells[2]
		}
	}
	delete(rows, "reply")
	delete(rows, "---")
	for _, f := range frames.Hostile() {
		answer, found := rows[f.Name]
		require.True(t, found, "%s is missing: make hostile", f.Name)
		delete(rows, f.Name)
		if f.Err == "" || f.Large() {
			continue
		}
		_, err := new(resp.Scanner).Scan([]byte(f.Bytes))
		var syntax *resp.SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Contains(t, answer, syntax.Msg+" at byte "+strconv.Itoa(syntax.Offset), f.Name)
	}
	require.Empty(t, rows, "rows of replies that the table does not have")
}
