// Package internal holds the test of who may import whom.
package internal

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/bwredis/bwredis/"

// policy says for each package what it may import besides the standard library. ARCHITECTURE.md says why. Do not change it to make the test pass:
// an import that is missing here is an import that should not be.
var policy = map[string][]string{
	"resp":                    nil,
	"conn":                    {"resp"},
	"pool":                    {"conn", "resp"},
	"sentinel":                {"conn", "resp"},
	"tlsconf":                 nil,
	"bwstate":                 {"resp"},
	"bwstate/open.go":         {"conn", "internal/localstore", "pool", "sentinel", "tlsconf"},
	"bwstate/sentinel_tls.go": {"tlsconf"}, // what open.go hands on
	"bwstate/bwhttp":          {"bwstate"},
	"bwstate/nodeapi":         {"bwstate"},
	"internal":                nil,
	"internal/frames":         nil,
	"internal/localstore":     {"resp"},
	"internal/redistest":      {"resp"},
	"internal/conformance":    {"bwstate", "resp"},
	"examples/banned":         {"bwstate"},
	"examples/visitor":        {"bwstate", "bwstate/bwhttp"},
	"examples/cluster":        {"bwstate"},
	"examples/settings":       {"bwstate"},
}

// pure lists what a package may not import even from the standard library.
var pure = map[string][]string{
	"resp": {"net", "io", "bufio", "context", "time", "sync", "fmt", "reflect", "unsafe", "os"},
}

// thirdParty is what tests, and packages that only tests import, may use.
var thirdParty = []string{"github.com/stretchr/testify/assert", "github.com/stretchr/testify/require"}

// testOnly are packages that no program links.
var testOnly = []string{"internal/redistest", "internal/conformance"}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range sources(t) {
		dir := filepath.ToSlash(filepath.Dir(file))
		allowed, known := policy[dir]
		require.True(t, known, "%s: the policy does not know package %s", file, dir)
		seen[dir] = true
		allowed = slices.Concat(allowed, policy[file])
		for _, path := range imports(t, file) {
			checkImport(t, file, dir, path, allowed)
		}
	}
	for dir := range policy {
		if !strings.HasSuffix(dir, ".go") && dir != "internal" {
			require.True(t, seen[dir], "the policy speaks of %s, which does not exist", dir)
		}
	}
}

func checkImport(t *testing.T, file, dir, path string, allowed []string) {
	ours, isOurs := strings.CutPrefix(path, module)
	isTest := strings.HasSuffix(file, "_test.go") || slices.Contains(testOnly, dir)
	switch {
	case isOurs && !isTest:
		require.Contains(t, allowed, ours, "%s imports %s", file, path)
	case !isOurs && strings.Contains(path, "."):
		require.True(t, isTest && slices.Contains(thirdParty, path), "%s imports %s: third-party packages are for tests", file, path)
	case !isTest:
		require.NotContains(t, pure[dir], strings.SplitN(path, "/", 2)[0], "%s imports %s", file, path)
	}
}

// sources returns the Go files of the root module, relative to its root, without those of nested modules.
func sources(t *testing.T) (files []string) {
	require.NoError(t, os.Chdir(".."))
	t.Cleanup(func() { require.NoError(t, os.Chdir("internal")) })
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." {
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil || d.Name() == "testdata" || d.Name()[0] == '.' {
				return filepath.SkipDir
			}
		}
		if strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func imports(t *testing.T, file string) (paths []string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	require.NoError(t, err)
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		paths = append(paths, path)
	}
	return paths
}

// A program that does not serve HTTP does not link it.
func TestStateDoesWithoutHTTP(t *testing.T) {
	var out strings.Builder
	list := exec.Command("go", "list", "-deps", "../bwstate")
	list.Stdout = &out
	require.NoError(t, list.Run())
	require.Contains(t, out.String(), "crypto/tls\n")
	require.NotContains(t, out.String(), "net/http\n")
}
