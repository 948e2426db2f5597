package bwstate

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

const fipsTest = "BWREDIS_FIPS_TEST"

// In a program that may use nothing but what FIPS 140 approves, visitors' sessions are an error, and everything else works; in one that uses Go's FIPS module, all does.
func TestVisitorSessionsUnderFIPS(t *testing.T) {
	if want := os.Getenv(fipsTest); want != "" {
		underFIPS(t, want == "on")
		return
	}
	for _, mode := range []string{"on", "only"} {
		t.Run(mode, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestVisitorSessionsUnderFIPS$", "-test.v")
			cmd.Env = append(os.Environ(), "GODEBUG=fips140="+mode, fipsTest+"="+mode)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "--- PASS")
		})
	}
}

func underFIPS(t *testing.T, allowed bool) {
	state := openLocal()
	defer state.Close()
	for _, derived := range []bool{false, true} {
		sessions, err := state.VisitorSessions(VisitorSettings{Secret: "secret", Name: "sid", FIPS: derived})
		if !allowed {
			var wrong *ArgumentError
			require.ErrorAs(t, err, &wrong)
			require.ErrorContains(t, err, "FIPS 140-only")
			continue
		}
		require.NoError(t, err)
		s, err := sessions.New(someVisitor)
		require.NoError(t, err)
		require.NoError(t, s.Save(t.Context()))
		_, err = sessions.Open(t.Context(), only("sid", cookieOf(s)))
		require.NoError(t, err)
	}
	_, err := state.Do(t.Context(), "EVALSHA", decreaseScript.SHA(), "1", "a", "60")
	require.NoError(t, err, "the name of a script protects nothing")
}
