package internal

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// What the README shows is what the tests run.

func readme(t *testing.T) string {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	return string(text)
}

// blocks returns the code blocks of a language.
func blocks(t *testing.T, language string) (found []string) {
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(readme(t), -1) {
		found = append(found, match[1])
	}
	require.NotEmpty(t, found)
	return found
}

func TestReadmeHasNoOtherBlocks(t *testing.T) {
	known := len(blocks(t, "go")) + len(blocks(t, "sh")) + len(blocks(t, "env"))
	require.Equal(t, 2*known, strings.Count(readme(t), "```"))
}

// The programs are examples, which are compiled with everything else.
func TestReadmePrograms(t *testing.T) {
	var programs []string
	for _, name := range []string{"banned", "visitor"} {
		program, err := os.ReadFile("../examples/" + name + "/main.go")
		require.NoError(t, err)
		programs = append(programs, string(program))
	}
	require.Equal(t, programs, blocks(t, "go"))
}

// Every command is the example, which has tests of its own, or a target of the Makefile.
func TestReadmeCommands(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	require.NoError(t, err)
	for _, block := range blocks(t, "sh") {
		for command := range strings.Lines(block) {
			command = strings.TrimSpace(command)
			if target, ok := strings.CutPrefix(command, "make "); ok {
				require.Contains(t, string(makefile), "\n"+target+":", "make %s", target)
				continue
			}
			require.Regexp(t, `^(USE_REDIS=yes REDIS_HOST=127\.0\.0\.1 )?go run \./examples/(cluster|settings)( -env variables\.env| -url \S+)?$`, command)
		}
	}
}

// The settings file parses, but for the secret's file, which is not here.
func TestReadmeSettingsFile(t *testing.T) {
	path := t.TempDir() + "/variables.env"
	require.NoError(t, os.WriteFile(path, []byte(blocks(t, "env")[0]), 0o600))
	file, err := bwstate.ReadEnvFile(path)
	require.NoError(t, err)
	_, err = bwstate.ReadSettings(file)
	var problems *bwstate.SettingsError
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems.Problems, 1)
	require.Equal(t, "REDIS_PASSWORD_FILE", problems.Problems[0].Name)
}

// Every URL that is shown is one.
func TestReadmeURLs(t *testing.T) {
	urls := regexp.MustCompile("[`']((?:(?:redis|valkey)s?(?:\\+sentinel)?://|unix:/)[^`'\\s]+)[`']").FindAllStringSubmatch(readme(t), -1)
	require.Len(t, urls, 8)
	for _, url := range urls {
		if url[1] == "unix:/path" {
			continue // of REDIS_HOST
		}
		_, err := bwstate.ReadSettings(bwstate.FromURL(strings.ReplaceAll(url[1], "?password_file=/run/secrets/redis", "")), // which is not here
			bwstate.FromMap("", map[string]string{"REDIS_PASSWORD": "secret"}))
		require.NoError(t, err, url[1])
	}
}

// The table lists every setting, with its default and its unit, and no other.
func TestReadmeSettingsTable(t *testing.T) {
	var rows [][]string // name, default, unit, meaning
	for line := range strings.Lines(readme(t)) {
		if regexp.MustCompile("^\\| `[A-Z_]+` \\|").MatchString(line) {
			cells := strings.Split(strings.ReplaceAll(line, "`", ""), "|")
			rows = append(rows, cells[1:len(cells)-1])
		}
	}
	infos := bwstate.SettingsTable()
	require.Len(t, rows, len(infos))
	for i, info := range infos {
		require.Equal(t, info.Name, strings.TrimSpace(rows[i][0]))
		require.Equal(t, info.Default, strings.TrimSpace(rows[i][1]), info.Name)
		require.Equal(t, info.Unit, strings.TrimSpace(rows[i][2]), info.Name)
		require.Equal(t, info.File, strings.Contains(rows[i][3], info.Name+"_FILE"), info.Name)
	}
}
