package bwstate_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
)

// sourceFrom makes a named source of NAME=value texts.
func sourceFrom(name string, pairs ...string) bwstate.Source {
	return bwstate.Source{Name: name, Get: settingsFrom(pairs...)}
}

// effective returns the value of a setting in force, and where it is from.
func effective(t *testing.T, s bwstate.Settings, name string) string {
	t.Helper()
	for _, e := range s.Effective() {
		if e.Name == name {
			return e.Value + " from " + e.Source
		}
	}
	require.Fail(t, "no such setting", name)
	return ""
}

// Of each setting the first source counts, whatever shape the setting has in it.
func TestSourcesPrecedence(t *testing.T) {
	secret := writeSettingsFile(t, canary)
	for name, c := range map[string]struct {
		first, second []string
		setting, want string
	}{
		"the first":                 {[]string{"REDIS_PORT=1"}, []string{"REDIS_PORT=2"}, "REDIS_PORT", "1 from first"},
		"the second":                {[]string{"REDIS_PORT="}, []string{"REDIS_PORT=2"}, "REDIS_PORT", "2 from second"},
		"neither":                   {nil, nil, "REDIS_PORT", "6379 from default"},
		"a value over a file":       {[]string{"REDIS_PASSWORD=x"}, []string{"REDIS_PASSWORD_FILE=/missing"}, "REDIS_PASSWORD", "[hidden] from first"},
		"a file over a value":       {[]string{"REDIS_PASSWORD_FILE=" + secret}, []string{"REDIS_PASSWORD=x"}, "REDIS_PASSWORD", "[hidden] from first, REDIS_PASSWORD_FILE=" + secret},
		"a value over a URL":        {[]string{"REDIS_TIMEOUT=1s"}, []string{"BWREDIS_URL=redis://h?timeout=2s"}, "REDIS_TIMEOUT", "1s from first"},
		"a host over a URL":         {[]string{"REDIS_HOST=x"}, []string{"BWREDIS_URL=redis://h:1"}, "REDIS_HOST", "x from first"},
		"a URL over a value":        {[]string{"BWREDIS_URL=redis://h?timeout=2s"}, []string{"REDIS_TIMEOUT=1s"}, "REDIS_TIMEOUT", "2s from first, BWREDIS_URL"},
		"what a URL does not say":   {[]string{"BWREDIS_URL=redis://h"}, []string{"REDIS_TIMEOUT=1s"}, "REDIS_TIMEOUT", "1s from second"},
		"a URL over a URL":          {[]string{"BWREDIS_URL=redis://h"}, []string{"BWREDIS_URL=redis://g?timeout=2s"}, "REDIS_TIMEOUT", "5s from default"},
		"a URL's default port":      {[]string{"BWREDIS_URL=redis://h"}, []string{"REDIS_PORT=2"}, "REDIS_PORT", "6379 from first, BWREDIS_URL"},
		"a URL without TLS":         {[]string{"BWREDIS_URL=redis://h"}, []string{"REDIS_SSL=yes"}, "REDIS_SSL", "no from first, BWREDIS_URL"},
		"a URL without sentinels":   {[]string{"BWREDIS_URL=redis://h"}, []string{"REDIS_SENTINEL_HOSTS=s"}, "REDIS_SENTINEL_HOSTS", " from default"},
		"a URL with sentinels":      {[]string{"BWREDIS_URL=redis+sentinel://s"}, []string{"REDIS_HOST=h"}, "REDIS_HOST", " from default"},
		"a URL's default user":      {[]string{"BWREDIS_URL=redis://:x@h"}, []string{"REDIS_USERNAME=u"}, "REDIS_USERNAME", " from default"},
		"a URL's own password":      {[]string{"BWREDIS_URL=redis://h"}, []string{"REDIS_PASSWORD=x"}, "REDIS_PASSWORD", "[hidden] from second"},
		"a URL is used":             {[]string{"BWREDIS_URL=redis://h"}, []string{"USE_REDIS=no"}, "USE_REDIS", "yes from first, BWREDIS_URL"},
		"a URL that is not used":    {[]string{"BWREDIS_URL=redis://h", "USE_REDIS=no"}, nil, "USE_REDIS", "no from first"},
		"switched off before":       {[]string{"USE_REDIS=no"}, []string{"BWREDIS_URL=redis://h"}, "USE_REDIS", "no from first"},
		"the same in both":          {[]string{"BWREDIS_URL=redis://h", "REDIS_PORT=6379", "REDIS_SSL=no"}, nil, "REDIS_PORT", "6379 from first"},
		"the URL itself":            {nil, []string{"BWREDIS_URL=redis://:x@h"}, "BWREDIS_URL", "[hidden] from second"},
		"a port over one in a host": {[]string{"REDIS_PORT=2"}, []string{"REDIS_HOST=h:1"}, "REDIS_PORT", "2 from first"},
		"a host behind its port":    {[]string{"REDIS_PORT=2"}, []string{"REDIS_HOST=h:1"}, "REDIS_HOST", "h from second"},
		"a user over one in a URL":  {[]string{"REDIS_USERNAME=u"}, []string{"REDIS_PASSWORD=x", "BWREDIS_URL=redis://v@h"}, "REDIS_USERNAME", "u from first"},
		"a port in a host before":   {[]string{"REDIS_HOST=h:1"}, []string{"REDIS_PORT=2"}, "REDIS_PORT", "1 from first, REDIS_HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := bwstate.ReadSettings(sourceFrom("first", c.first...), bwstate.Source{}, sourceFrom("second", c.second...))
			require.NoError(t, err)
			require.Equal(t, c.want, effective(t, s, c.setting))
			require.Empty(t, s.Warnings)
		})
	}
}

// In one source, a setting that is there in two shapes says two things, and nobody can know which is meant.
func TestSourcesThatContradictThemselves(t *testing.T) {
	for _, c := range []struct{ pair, want string }{
		{"REDIS_HOST=x", `REDIS_HOST="x" (first)`},
		{"REDIS_PORT=2", `REDIS_PORT="2" (first)`},
		{"REDIS_SSL=yes", `REDIS_SSL="yes" (first)`},
		{"REDIS_SENTINEL_HOSTS=s", `REDIS_SENTINEL_HOSTS="s" (first)`},
		{"REDIS_PASSWORD=hunter2", `REDIS_PASSWORD (first)`},
		{"REDIS_PASSWORD_FILE=/hunter2", `REDIS_PASSWORD (first)`},
		{"REDIS_USERNAME=u", `REDIS_USERNAME="u" (first)`},
		{"REDIS_TIMEOUT=1s", `REDIS_TIMEOUT="1s" (first)`},
	} {
		_, err := bwstate.ReadSettings(sourceFrom("first", "BWREDIS_URL=redis://:p@h?timeout=2s", c.pair))
		require.EqualError(t, err, "bwstate: "+c.want+": set here, and BWREDIS_URL says something else; only one of them may say it")
	}
}

// What is overridden is no error: here, a user in a URL who has no password.
func TestURLUserThatIsOverridden(t *testing.T) {
	url := []string{"BWREDIS_URL=redis://hunter2@h"}
	for name, c := range map[string]struct {
		first, second []string
		refused       bool
	}{
		"by another user":           {[]string{"REDIS_USERNAME=u"}, url, false},
		"by a user in a file":       {[]string{"REDIS_USERNAME_FILE=" + writeSettingsFile(t, "u")}, url, false},
		"by another URL":            {[]string{"BWREDIS_URL=redis://g"}, url, false},
		"by one who is named again": {nil, append([]string{"REDIS_USERNAME=hunter2"}, url...), false},
		"with a password":           {[]string{"REDIS_PASSWORD=x"}, url, false},
		"not":                       {url, []string{"REDIS_USERNAME=u"}, true},
		"not by nothing":            {[]string{"REDIS_USERNAME="}, url, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bwstate.ReadSettings(sourceFrom("first", c.first...), sourceFrom("second", c.second...))
			if !c.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "has a user, and there is no password")
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// In one source a port in the host and another one in REDIS_PORT contradict each other, whatever other sources say.
func TestPortInAHost(t *testing.T) {
	_, err := bwstate.ReadSettings(sourceFrom("first", "REDIS_DATABASE=1"), sourceFrom("second", "REDIS_HOST=h:1", "REDIS_PORT=2"), sourceFrom("third", "REDIS_PORT=1"))
	require.EqualError(t, err, `bwstate: REDIS_HOST="h:1" (second): its port is not the 2 of REDIS_PORT; give the port once`)
	s, err := bwstate.ReadSettings(sourceFrom("first", "USE_REDIS=yes", "REDIS_PORT=3"), sourceFrom("second", "REDIS_HOST=h:1", "REDIS_PORT=2"))
	require.NoError(t, err, "what is overridden contradicts nothing")
	require.Equal(t, "h:3", s.Addr())
	requireParity(t, s, "REDIS_HOST, all: expects a host alone, and the port in REDIS_PORT; here: connects to h:3")
}

// A file is read for secrets, users and the URL; elsewhere its name is said to do nothing, whoever asks and however the name looks.
func TestFilesThatAreNotRead(t *testing.T) {
	for _, info := range bwstate.SettingsTable() {
		name := info.Name + "_FILE"
		for _, source := range []bwstate.Source{bwstate.FromMap("place", map[string]string{name: "/missing"}), sourceFrom("place", name+"=/missing")} {
			s, err := bwstate.ReadSettings(source)
			if info.File {
				require.ErrorContains(t, err, name+`="/missing" (place): cannot be read`)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, []string{name + " (place) is not used: " + info.Name + " is not read from a file"}, s.Warnings)
		}
	}
}

// Errors name the source, also where several have something wrong.
func TestSourcesAreNamedInErrors(t *testing.T) {
	_, err := bwstate.ReadSettings(sourceFrom("environment", "REDIS_PORT=x", "REDIS_PASSWORD_FILE=/missing"), sourceFrom("file v.env", "REDIS_SSL=x", "USE_REDIS=yes"))
	require.EqualError(t, err, `bwstate: 4 settings cannot be used:
	REDIS_PORT="x" (environment): must be a whole number from 1 to 65535, in digits only
	REDIS_PASSWORD_FILE="/missing" (environment): cannot be read: no such file or directory
	REDIS_SSL="x" (file v.env): must be yes or no
	REDIS_HOST: not set: USE_REDIS=yes needs it, or REDIS_SENTINEL_HOSTS`)
}

// A slip in a name is said, where it can be seen.
func TestSourcesWarnOfUnknownNames(t *testing.T) {
	warnings := func(source string) (all []string) {
		for _, name := range []string{"REDIS_PASWORD", "REDIS_PORT_NUMBER", "REDIS_URL"} {
			all = append(all, name+source+" is the name of no setting, so it is not used")
		}
		return all
	}
	values := map[string]string{
		"REDIS_PASWORD": "x", "REDIS_URL": "redis://h", "REDIS_PORT_6379_TCP": "tcp://10.0.0.1:6379", "REDIS_PORT_NUMBER": "1", "REDIS_SERVICE_HOST": "10.0.0.1",
		"REDIS_PASSWORD_FILE": "", "OTHER": "1", "www.example.com_REDIS_X": "1", "BWREDIS_TIME_UNIT": "s",
	}
	s, err := bwstate.ReadSettings(bwstate.FromMap("map", values))
	require.NoError(t, err)
	require.Equal(t, warnings(" (map)"), s.Warnings)
	s, err = bwstate.ReadSettings(bwstate.FromMap("", values))
	require.NoError(t, err)
	require.Equal(t, warnings(""), s.Warnings)

	path := filepath.Join(t.TempDir(), "variables.env")
	require.NoError(t, os.WriteFile(path, []byte("REDIS_URL=x\nREDIS_PASWORD=y\nREDIS_PORT_NUMBER=1\n"), 0o600))
	file, err := bwstate.ReadEnvFile(path)
	require.NoError(t, err)
	s, err = bwstate.ReadSettings(file)
	require.NoError(t, err)
	require.ElementsMatch(t, warnings(" (file "+path+")"), s.Warnings)
}

func TestEnvironment(t *testing.T) {
	t.Setenv("REDIS_HOST", "from-environment")
	t.Setenv("REDIS_PORT", "")
	t.Setenv("REDIS_PASWORD", "x")
	file := bwstate.FromMap("file", map[string]string{"REDIS_HOST": "from-file", "REDIS_PORT": "6390"})
	s, err := bwstate.ReadSettings(bwstate.Environment(), file)
	require.NoError(t, err)
	require.Equal(t, "from-environment:6390", s.Addr())
	require.Equal(t, "from-environment from environment", effective(t, s, "REDIS_HOST"))
	require.Contains(t, s.Warnings, "REDIS_PASWORD (environment) is the name of no setting, so it is not used")
}

// A map may be changed afterwards.
func TestFromMapCopies(t *testing.T) {
	values := map[string]string{"REDIS_HOST": "redis"}
	source := bwstate.FromMap("map", values)
	values["REDIS_HOST"] = "other"
	require.Equal(t, "redis", source.Get("REDIS_HOST"))
}
