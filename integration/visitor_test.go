package integration

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

// recordedVisit is a request that a BunkerWeb node answered.
type recordedVisit struct {
	Name    string
	Cookie  string
	Key     string `json:"redis_key"`
	Request struct {
		IP    string `json:"remote_addr"`
		Agent string `json:"user_agent"`
	}
	Trace []struct {
		Send [][]json.RawMessage
	} `json:"redis_trace"`
}

func recordedVisits(t *testing.T) (visits []recordedVisit) {
	text, err := os.ReadFile("../bwstate/testdata/sessions.json")
	require.NoError(t, err)
	var golden struct{ Vectors []recordedVisit }
	require.NoError(t, json.Unmarshal(text, &golden))
	for _, v := range golden.Vectors {
		if v.Name == "new-session" || v.Name == "refresh-2701" || v.Name == "javascript-solved" || v.Name == "no-user-agent" {
			visits = append(visits, v)
		}
	}
	require.Len(t, visits, 4)
	return visits
}

// replay sends the commands about sessions that the node sent.
func (v recordedVisit) replay(t *testing.T, state *bwstate.State) {
	for _, step := range v.Trace {
		for _, command := range step.Send {
			args := make([]string, len(command))
			for i := range command {
				if json.Unmarshal(command[i], &args[i]) != nil {
					args = nil // a script
					break
				}
			}
			if len(args) > 1 && strings.HasPrefix(args[1], "sessions_:") {
				_, err := state.Do(short(t), args...)
				require.NoError(t, err)
			}
		}
	}
}

// The settings of the recorded node, but for the timeouts: the sessions are years old.
func visitorSettings() map[string]string {
	return map[string]string{
		"SESSIONS_SECRET": "golden-secret-0123456789", "SESSIONS_NAME": "bwgolden",
		"SESSIONS_IDLING_TIMEOUT": "0", "SESSIONS_ROLLING_TIMEOUT": "0", "SESSIONS_ABSOLUTE_TIMEOUT": "0",
	}
}

// A service in a process of its own, which is the example, and whoever writes as a node does, share the sessions of visitors.
func TestVisitorsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "visitor")
	build := exec.Command("go", "build", "-o", program, "./examples/visitor")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		settings := with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(server.Database(t)))
		node := open(t, settings)
		parsed, err := bwstate.ParseVisitorSettings(func(name string) string { return visitorSettings()[name] })
		require.NoError(t, err)
		sessions, err := node.VisitorSessions(parsed)
		require.NoError(t, err)
		for name, value := range visitorSettings() {
			settings = with(settings, name, value)
		}
		service := startService(t, program, settings)
		for _, visit := range recordedVisits(t) {
			t.Run(visit.Name, func(t *testing.T) { visitBoth(t, visit, node, sessions, service) })
		}
	})
}

// startService starts the example and returns its address, once it answers.
func startService(t *testing.T, program string, settings map[string]string) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr = l.Addr().String()
	require.NoError(t, l.Close())
	cmd, output := command(t, program, settings, "-listen", addr)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		nc, err := net.Dial("tcp", addr)
		if err == nil {
			_ = nc.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond, output.String())
	return addr
}

// visitBoth opens a recorded session in the other process, which changes it, and then here, and then there again.
func visitBoth(t *testing.T, visit recordedVisit, node *bwstate.State, sessions *bwstate.VisitorSessions, service string) {
	visit.replay(t, node)
	answer, cookie := visit.get(t, service, visit.Cookie)
	require.Equal(t, "visit 1, antibot challenge solved: true\n", answer)
	ttl, err := node.Do(short(t), "TTL", visit.Key)
	require.NoError(t, err)
	left, err := ttl.Int()
	require.NoError(t, err)
	require.LessOrEqual(t, left, int64(10), "the old key is on its way out")
	answer, _ = visit.get(t, service, visit.Cookie)
	require.Equal(t, "visit 1, antibot challenge solved: true\n", answer, "and serves what was sent at the same time")

	s, err := sessions.Open(short(t), func(string) string { return cookie })
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"metadata", "antibot", "visits"}, s.Names())
	require.EqualValues(t, 1700000000, s.Created().Unix(), "kept for the session's life")
	id, _ := s.ID()
	stored, err := node.Do(short(t), "GET", "sessions_:bwgolden:"+id.Text())
	require.NoError(t, err)
	value, err := stored.Text()
	require.NoError(t, err)
	require.Regexp(t, `^\["[-_0-9A-Za-z]+"\]$`, value)
	require.NoError(t, s.Set("visits", 41))
	require.NoError(t, s.Save(short(t)))
	pair, _, _ := strings.Cut(s.SetCookies()[0], ";")
	answer, cookie = visit.get(t, service, strings.TrimPrefix(pair, "bwgolden="))
	require.Equal(t, "visit 42, antibot challenge solved: true\n", answer)

	s, err = sessions.Open(short(t), func(string) string { return cookie })
	require.NoError(t, err)
	require.NoError(t, s.Destroy(short(t)))
	answer, _ = visit.get(t, service, cookie)
	require.Equal(t, "visit 1, antibot challenge solved: false\n", answer, "ended for both")
}

// get asks the service for its page, as a node in front of it does.
func (v recordedVisit) get(t *testing.T, service, cookie string) (answer, next string) {
	r, err := http.NewRequestWithContext(short(t), http.MethodGet, "http://"+service+"/", nil)
	require.NoError(t, err)
	r.Header.Set("Cookie", "bwgolden="+cookie)
	r.Header.Set("User-Agent", v.Request.Agent)
	r.Header.Set("X-Real-IP", v.Request.IP)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	for _, c := range response.Cookies() {
		next = c.Value
	}
	return string(text), next
}
