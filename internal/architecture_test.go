package internal

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every test that ARCHITECTURE.md names is there, and so is every file.
func TestArchitectureNamesWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../ARCHITECTURE.md")
	require.NoError(t, err)
	var tests strings.Builder
	files := sources(t) // and from the root of the module on
	servers, err := filepath.Glob("integration/*_test.go")
	require.NoError(t, err)
	require.NotEmpty(t, servers)
	for _, file := range append(files, servers...) {
		if strings.HasSuffix(file, "_test.go") {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			tests.Write(source)
		}
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		require.True(t, strings.Contains(tests.String(), "func "+name[1]+"("), "there is no %s", name[1])
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| ([^|]*) \\|")
	for _, cells := range row.FindAllStringSubmatch(string(text), -1) {
		for _, file := range regexp.MustCompile("`([a-z_]+\\.go)`").FindAllStringSubmatch(cells[2], -1) {
			require.FileExists(t, cells[1]+"/"+file[1])
		}
	}
}
