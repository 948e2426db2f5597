package integration

import (
	"math/rand"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

// stampParts are what lists of times are made of, and what they are not.
var stampParts = []string{
	"[", "]", "{", "}", ",", ":", `"`, "1700000000", "1.5", "1e3", "0x1F", "nan", "inf", "-", "+", "-inf", "Infinity", "null", "true", "false", " ", "\n", "\f", `\`,
	`\u00e9`, `\ud83d\ude00`, `\ud800`, "\x00", "01", ".5", "1.", "1e", "1e+", "0x", "0x.8", "0x1p3", "nan(12)", "nan(", `"a":`, "é", "\xff", "9999999999999999999",
	"1e400", "-1e400", "1700000000.123456", "-0", "a", "[1,2]", "{}", "[]", "\v", "infinit", "1_0", "0b1", "1p3", "\t",
}

// Whatever is stored, every server reads it, answers and writes as the embedded store does.
func TestLimitsOfAnyValue(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		states := []*bwstate.State{open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))), open(t, map[string]string{"USE_REDIS": "no"})}
		random := rand.New(rand.NewSource(1))
		const key = "plugin_limit_a203.0.113.7/"
		for i := range 2000 {
			text := randomStamps(random)
			var said [2]string
			for k, state := range states {
				_, err := state.Do(short(t), "SET", key, text)
				require.NoError(t, err)
				limits, err := state.Limits(bwstate.LimitsConfig{Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
				require.NoError(t, err)
				rate := bwstate.Rate{Limit: int64(i % 4), Window: time.Duration(1<<(i%30)) * time.Second}
				r, err := limits.Path(short(t), bwstate.PathLimit{Rate: rate, Service: "a", IP: netip.MustParseAddr("203.0.113.7"), Path: "/"})
				stored, getErr := state.Do(short(t), "GET", key)
				require.NoError(t, getErr)
				said[k] = strconv.FormatInt(r.Count, 10) + " " + strconv.FormatBool(r.Limited) + " " + strconv.FormatBool(err == nil) + " " + stored.String()
			}
			require.Equal(t, said[1], said[0], "%q", text)
		}
	})
}

func randomStamps(random *rand.Rand) string {
	var b strings.Builder
	if random.Intn(3) > 0 {
		b.WriteString("[")
	}
	for n := random.Intn(7); n > 0; n-- {
		b.WriteString(stampParts[random.Intn(len(stampParts))])
		if random.Intn(3) == 0 {
			b.WriteString(",")
		}
	}
	if random.Intn(3) > 0 {
		b.WriteString("]")
	}
	return b.String()
}

// The window that BunkerWeb's script has for a unit that it does not know is 0, and the server refuses it.
func TestLimitOfTheUnknownUnit(t *testing.T) {
	t.Parallel()
	common, err := os.ReadFile("../bwstate/lua/refused.lua")
	require.NoError(t, err)
	script, err := os.ReadFile("../bwstate/lua/limits.lua")
	require.NoError(t, err)
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		state := open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t))))
		_, err := state.Do(short(t), "EVAL", string(common)+string(script), "1", "plugin_limit_app1.example.com1.2.3.4/login", "p2 0 1700000000")
		require.ErrorContains(t, err, "invalid expire time")
		exists, err := state.Do(short(t), "EXISTS", "plugin_limit_app1.example.com1.2.3.4/login")
		require.NoError(t, err)
		require.Equal(t, "0", exists.String())
	})
}
