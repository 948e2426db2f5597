package bwstate

import (
	"fmt"
	"strings"
	"unicode"
)

// maxEnvFile bounds an env file, in bytes.
const maxEnvFile = 1 << 20

// ReadEnvFile reads a file of NAME=value lines, such as BunkerWeb's variables.env, once. The source is named after the
// file, answers from memory, and is safe for concurrent use.
//
// Blank lines and lines that start with # are skipped, "export " before a name is tolerated, and a later line
// wins over an earlier one. Everything after the first = is the value, # and further = included, without the
// white space around it; quotes are taken off a value that starts and ends with the same one and has no other
// of it inside. Nothing is expanded or unescaped.
//
// The file may have 1 MiB. A file that cannot be read gives an error that wraps *fs.PathError; for a malformed
// line the error names the file, the line and the setting, and never shows a value.
func ReadEnvFile(path string) (Source, error) {
	data, err := readBounded(path, maxEnvFile)
	if err != nil {
		return Source{}, fmt.Errorf("bwstate: env file: %w", err)
	}
	values, err := parseEnv(string(data))
	if err != nil {
		return Source{}, fmt.Errorf("bwstate: env file %q: %w", path, err)
	}
	return FromMap("file "+path, values), nil
}

func parseEnv(data string) (map[string]string, error) {
	values := make(map[string]string)
	data = strings.TrimPrefix(data, "\ufeff") // some editors start a file with a byte-order mark
	number := 0
	for line := range strings.SplitSeq(data, "\n") {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, problem := parseEnvLine(line)
		switch {
		case problem == "":
			values[name] = value
		case name == "":
			return nil, fmt.Errorf("line %d: %s", number, problem)
		default:
			return nil, fmt.Errorf("line %d: %s: %s", number, name, problem)
		}
	}
	return values, nil
}

// parseEnvLine returns a name only if it is one: what is not may be the rest of a secret that has a line end
// in it, and is kept out of the message.
func parseEnvLine(line string) (name, value, problem string) {
	name, value, found := strings.Cut(line, "=")
	if !found {
		return "", "", "no = in it; every line is NAME=value"
	}
	name = strings.TrimRightFunc(withoutExport(name), unicode.IsSpace)
	// BunkerWeb puts a server name in front of the settings of one service, so a dot or a hyphen is fine.
	if name == "" || strings.ContainsFunc(name, notInEnvName) {
		return "", "", "does not start with a NAME and ="
	}
	if strings.ContainsRune(value, 0) {
		return name, "", "has a zero byte in its value"
	}
	return name, unquote(strings.TrimSpace(value)), ""
}

func withoutExport(name string) string {
	rest, found := strings.CutPrefix(name, "export")
	trimmed := strings.TrimLeftFunc(rest, unicode.IsSpace)
	if !found || trimmed == rest {
		return name
	}
	return trimmed
}

func notInEnvName(r rune) bool {
	return spaceOrControl(r) || r == '"' || r == '\'' || r == '#'
}

func unquote(value string) string {
	if len(value) < 2 {
		return value
	}
	quote, inner := value[0], value[1:len(value)-1]
	if quote != '"' && quote != '\'' || value[len(value)-1] != quote || strings.IndexByte(inner, quote) >= 0 {
		return value
	}
	return inner
}
