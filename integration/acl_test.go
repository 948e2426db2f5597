package integration

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/conformance"
	"github.com/bwredis/bwredis/pool"
)

// documentedRights returns what the table of docs/acl.md lists, each once.
func documentedRights(t *testing.T) (keys, commands []string) {
	document, err := os.ReadFile("../docs/acl.md")
	require.NoError(t, err)
	for line := range strings.Lines(string(document)) {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, right := range regexp.MustCompile("`([~+%&][^`]+)`").FindAllStringSubmatch(line, -1) {
			switch {
			case right[1][0] != '+':
				keys = append(keys, right[1])
			default:
				commands = append(commands, right[1])
			}
		}
	}
	slices.Sort(keys)
	slices.Sort(commands)
	return slices.Compact(keys), slices.Compact(commands)
}

// The whole suite passes as a user who has the rights that docs/acl.md names.
func TestRightsAreEnough(t *testing.T) {
	t.Parallel()
	keys, commands := documentedRights(t)
	rules := append(slices.Concat(keys, commands), "~k", "~n", "+echo") // of the suite's own Do
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		user := addUser(t, dial(t, server, conn.Dialer{}), rules...)
		conformance.RunRestricted(t, func(t *testing.T) (restricted, control *bwstate.State) {
			db := server.Database(t)
			user := user
			user.DB = db
			return stateOf(t, server, &user), open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(db)))
		})
	})
}

// Without any of the rights that docs/acl.md names, something is refused.
func TestEachRightIsNeeded(t *testing.T) {
	t.Parallel()
	keys, commands := documentedRights(t)
	all := append(slices.Concat(keys, commands), "~k")
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v}) // one of its own, as scripts are flushed
		admin := dial(t, server, conn.Dialer{})
		for _, without := range append(slices.Concat(keys, commands), "") {
			do(t, admin, "SCRIPT", "FLUSH")
			user := addUser(t, admin, slices.DeleteFunc(slices.Clone(all), func(right string) bool { return right == without })...)
			refused := refusedTo(t, server, user)
			if without == "" || without == "+info" && v != harness.Redis60 {
				require.Empty(t, refused)
			} else {
				require.NotEmpty(t, refused, "%s is not needed", without)
			}
		}
	})
}

// refusedTo calls every operation as a user and returns those that failed.
func refusedTo(t *testing.T, server *harness.Server, user conn.Dialer) (refused []string) {
	user.DB = server.Database(t)
	control := open(t, with(server.Settings(), "REDIS_DATABASE", strconv.Itoa(user.DB)))
	for name, err := range conformance.EachOperation(t, stateOf(t, server, &user), control) {
		if err != nil {
			refused = append(refused, name)
		}
	}
	return refused
}

// stateOf is a state whose connections a dialer makes.
func stateOf(t *testing.T, server *harness.Server, d *conn.Dialer) *bwstate.State {
	p, err := pool.New(pool.Config{Dial: func(ctx context.Context) (*conn.Conn, error) { return d.Dial(ctx, "tcp", server.Addr) }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return bwstate.New(p)
}
