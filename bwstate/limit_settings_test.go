package bwstate

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// readLimits reads settings in the form NAME=value, one a line.
func readLimits(service, text string) (*LimitRules, error) {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[name] = value
		}
	}
	return ReadLimitSettings(service, FromMap("test", values))
}

// shown are rules as "URL rate, …" with the whole service's rate in front.
func shown(rules *LimitRules) string {
	var parts []string
	if rules.HasWhole {
		parts = append(parts, "whole "+rules.Whole.String())
	}
	for _, rule := range rules.Paths {
		parts = append(parts, rule.URL+" "+rule.Rate.String())
	}
	return strings.Join(parts, ", ")
}

func TestReadLimitSettings(t *testing.T) {
	for _, c := range []struct{ name, service, settings, want string }{
		{"defaults", "a", "", "/ 2r/s"},
		{"defaults of all", "", "", "/ 2r/s"},
		{"off", "a", "USE_LIMIT_REQ=no", ""},
		{"another URL leaves / without a rule", "a", "LIMIT_REQ_URL=^/x", "^/x 2r/s"},
		{"numbers", "a", `LIMIT_REQ_URL_10=^/ten
			LIMIT_REQ_RATE_10=10r/m
			LIMIT_REQ_URL_2=^/two
			LIMIT_REQ_RATE_2=2r/h`, "^/two 2r/h, ^/ten 10r/m, / 2r/s"},
		{"of a service", "a", `a_LIMIT_REQ_RATE=5r/s
			b_LIMIT_REQ_RATE=7r/s`, "/ 5r/s"},
		{"rules of all are added", "a", `LIMIT_REQ_URL_1=^/all
			LIMIT_REQ_RATE_1=1r/s
			a_LIMIT_REQ_URL_2=^/own
			a_LIMIT_REQ_RATE_2=2r/s`, "^/all 1r/s, ^/own 2r/s, / 2r/s"},
		{"a service's own rule for the same URL counts", "a", `LIMIT_REQ_URL_1=^/x
			LIMIT_REQ_RATE_1=1r/s
			a_LIMIT_REQ_RATE_1=9r/s`, "^/x 9r/s, / 2r/s"},
		{"a number that means something else for a service", "a", `LIMIT_REQ_URL_1=^/x
			LIMIT_REQ_RATE_1=1r/s
			a_LIMIT_REQ_URL_1=^/y`, "^/y 1r/s, ^/x 1r/s, / 2r/s"},
		{"whole", "a", "USE_LIMIT_REQ_GLOBAL=yes", "whole 1000r/s, / 2r/s"},
		{"whole of a service", "a", `a_USE_LIMIT_REQ_GLOBAL=yes
			a_LIMIT_REQ_GLOBAL_RATE=5r/m
			USE_LIMIT_REQ=no`, "whole 5r/m"},
		{"a service that is off", "a", `USE_LIMIT_REQ_GLOBAL=yes
			a_USE_LIMIT_REQ_GLOBAL=no
			a_USE_LIMIT_REQ=no`, ""},
		{"a service that is off by half has the rest from all, as on nodes", "a", `USE_LIMIT_REQ_GLOBAL=yes
			a_USE_LIMIT_REQ_GLOBAL=no`, "whole 1000r/s, / 2r/s"},
		{"the default server has what all have", "_", "__LIMIT_REQ_RATE=9r/s", "/ 2r/s"},
		{"other names", "a", `LIMIT_REQ_URL_x=^/x
			LIMIT_REQ_URL_01=^/x
			LIMIT_REQ_URL_=^/x
			MY_LIMIT_REQ_URL_1=^/x`, "/ 2r/s"},
	} {
		rules, err := readLimits(c.service, c.settings)
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, shown(rules), c.name)
	}
}

func TestReadLimitSettingsRefused(t *testing.T) {
	for _, c := range []struct{ settings, name, problem string }{
		{"USE_LIMIT_REQ=maybe", "USE_LIMIT_REQ", "neither yes nor no"},
		{"LIMIT_REQ_RATE=2r/x", "LIMIT_REQ_RATE", "is no rate"},
		{"a_LIMIT_REQ_RATE=fast", "a_LIMIT_REQ_RATE", "is no rate"},
		{"USE_LIMIT_REQ_GLOBAL=yes\nLIMIT_REQ_GLOBAL_RATE=1", "LIMIT_REQ_GLOBAL_RATE", "is no rate"},
		{"LIMIT_REQ_URL_1=^/x", "LIMIT_REQ_RATE_1", "LIMIT_REQ_URL_1 is set"},
		{"LIMIT_REQ_RATE_1=1r/s", "LIMIT_REQ_URL_1", "LIMIT_REQ_RATE_1 is set"},
		{"a_LIMIT_REQ_RATE_1=1r/s", "a_LIMIT_REQ_URL_1", "a_LIMIT_REQ_RATE_1 is set"},
		{"LIMIT_REQ_URL_1=/\nLIMIT_REQ_RATE_1=1r/s", "LIMIT_REQ_URL_1", "another rule"},
		{"LIMIT_REQ_URL=^/(?!admin)", "LIMIT_REQ_URL", "RE2"},
		{`LIMIT_REQ_URL=^/(a)\1`, "LIMIT_REQ_URL", "RE2"},
		{"LIMIT_REQ_URL=^/(?>a)", "LIMIT_REQ_URL", "RE2"},
		{"LIMIT_REQ_URL=^/a++", "LIMIT_REQ_URL", "RE2"},
		{`LIMIT_REQ_URL=^/\h`, "LIMIT_REQ_URL", "RE2"},
		{"LIMIT_REQ_URL=(", "LIMIT_REQ_URL", "RE2"},
	} {
		_, err := readLimits("a", c.settings)
		var all *SettingsError
		require.ErrorAs(t, err, &all, c.settings)
		require.Equal(t, c.name, all.Problems[0].Name)
		require.Contains(t, all.Problems[0].Problem, c.problem)
		require.Len(t, all.Problems, 1)
	}
	_, err := readLimits("a", "USE_LIMIT_REQ=x\nUSE_LIMIT_REQ_GLOBAL=y")
	var all *SettingsError
	require.ErrorAs(t, err, &all)
	require.Len(t, all.Problems, 2, "every problem at once, and each once")
	require.Equal(t, "test", all.Problems[0].Source)
	_, err = readLimits("a b", "")
	var e *ArgumentError
	require.ErrorAs(t, err, &e)
}

func TestLimitRulesMatch(t *testing.T) {
	rules, err := readLimits("a", `USE_LIMIT_REQ_GLOBAL=yes
		LIMIT_REQ_URL_1=^/login$
		LIMIT_REQ_RATE_1=1r/m
		LIMIT_REQ_URL_2=admin
		LIMIT_REQ_RATE_2=3r/m`)
	require.NoError(t, err)
	for path, want := range map[string]string{
		"/login":          "^/login$",
		"/login\n":        "^/login$", // PCRE's $ is there too
		"/login\n\n":      "/",
		"/login/":         "/",
		"/x/admin/y":      "admin",
		"/admin\xff":      "admin",
		"/":               "/",
		"":                "/",
		"/LOGIN":          "/",
		"/login?a=b":      "/",
		"/some/Admin/é":   "/",
		"/administration": "admin",
	} {
		rule, ok := rules.PathRule(path)
		require.True(t, ok)
		require.Equal(t, want, rule.URL, "%q", path)
	}
	require.Equal(t, []Limit{
		ServiceLimit{Rate: Rate{1000, time.Second}, Service: "a"},
		PathLimit{Rate: Rate{1, time.Minute}, Service: "a", IP: loopback, Path: "/login"},
	}, rules.For(loopback, "/login"))

	rules, err = readLimits("", "LIMIT_REQ_URL=^/x")
	require.NoError(t, err)
	require.Empty(t, rules.For(loopback, "/y"), "no rule, no limit")
	require.Equal(t, "_", rules.For(loopback, "/x")[0].(PathLimit).Service)
}

// A source that cannot say what it has is asked for numbers up to 99; of several sources the first one counts.
func TestReadLimitSettingsOfSources(t *testing.T) {
	values := map[string]string{"a_LIMIT_REQ_URL_99": "^/far", "LIMIT_REQ_RATE_99": "9r/s", "LIMIT_REQ_RATE": "8r/s", "LIMIT_REQ_URL_100": "^/unseen"}
	get := Source{Name: "get", Get: func(name string) string { return values[name] }}
	_, err := ReadLimitSettings("a", FromMap("first", map[string]string{"LIMIT_REQ_RATE": "7r/s"}), get, Source{})
	require.Error(t, err, "of all, number 99 has a rate and no URL")
	values["LIMIT_REQ_URL_99"] = "^/all"
	rules, err := ReadLimitSettings("a", FromMap("first", map[string]string{"LIMIT_REQ_RATE": "7r/s"}), get, Source{})
	require.NoError(t, err)
	require.Equal(t, "^/far 9r/s, ^/all 9r/s, / 7r/s", shown(rules))
}
