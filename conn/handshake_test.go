package conn_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// A greeting is one handshake that succeeds: what the server is, what is dialled, and what the server must have received.
type greeting struct {
	name   string
	server redistest.Options
	dialer conn.Dialer
	want   []string
	hello  conn.Hello
}

var (
	redis7 = conn.Hello{Server: "redis", Version: "7.4.0", Protocol: 3, Role: "master"}
	silent = conn.Hello{Protocol: 2} // of a server that did not take HELLO

	redis5     = redistest.Options{NoHello: true}
	redis5Pass = redistest.Options{NoHello: true, Password: "pw"}
	withPass   = redistest.Options{Password: "pw"}
	withUser   = redistest.Options{Password: "pw", Users: map[string]string{"bob": "secret"}}
)

func TestHandshake(t *testing.T) {
	proxy := func(text string) redistest.Options { return redistest.Options{Password: "pw", HelloError: text} }
	for _, g := range []greeting{
		{"no credentials", redistest.Options{}, conn.Dialer{}, []string{"HELLO 3"}, redis7},
		{"password", withPass, conn.Dialer{Password: "pw"}, []string{"HELLO 3 AUTH default pw"}, redis7},
		{"user", withUser, conn.Dialer{Username: "bob", Password: "secret"}, []string{"HELLO 3 AUTH bob secret"}, redis7},
		{"password, unprotected server", redistest.Options{}, conn.Dialer{Password: "any"}, []string{"HELLO 3 AUTH default any"}, redis7},
		{"RESP3 forced", withPass, conn.Dialer{Protocol: 3, Password: "pw"}, []string{"HELLO 3 AUTH default pw"}, redis7},

		{"RESP2", redistest.Options{}, conn.Dialer{Protocol: 2}, nil, silent},
		{"RESP2, password", withPass, conn.Dialer{Protocol: 2, Password: "pw"}, []string{"AUTH pw"}, silent},
		{"RESP2, user", withUser, conn.Dialer{Protocol: 2, Username: "bob", Password: "secret"}, []string{"AUTH bob secret"}, silent},
		{"RESP2, database", withPass, conn.Dialer{Protocol: 2, Password: "pw", DB: 2}, []string{"AUTH pw", "SELECT 2"}, silent},

		{"Redis 5", redis5, conn.Dialer{}, []string{"HELLO 3"}, silent},
		{"Redis 5, password", redis5Pass, conn.Dialer{Password: "pw"}, []string{"HELLO 3 AUTH default pw", "AUTH pw"}, silent},
		{"Redis 5, all", redis5Pass, conn.Dialer{Password: "pw", DB: 1, Name: "me"}, []string{
			"HELLO 3 AUTH default pw", "AUTH pw", "SELECT 1", "CLIENT SETNAME me",
		}, silent},

		{"refused oddly", proxy("unsupported command"), conn.Dialer{Password: "pw"}, []string{"HELLO 3 AUTH default pw", "AUTH pw"}, silent},
		{"refused in German", proxy("FEHLER unbekannt"), conn.Dialer{Password: "pw"}, []string{"HELLO 3 AUTH default pw", "AUTH pw"}, silent},
		{"refused to the user", proxy("NOPERM no"), conn.Dialer{Password: "pw"}, []string{"HELLO 3 AUTH default pw", "AUTH pw"}, silent},
		{"refused version", proxy("NOPROTO sorry"), conn.Dialer{Password: "pw"}, []string{"HELLO 3 AUTH default pw", "AUTH pw"}, silent},
		{"refused before AUTH", proxy("NOAUTH wanted"), conn.Dialer{Password: "pw"}, []string{"HELLO 3 AUTH default pw", "AUTH pw"}, silent},

		{"database", redistest.Options{}, conn.Dialer{DB: 15}, []string{"HELLO 3", "SELECT 15"}, redis7},
		{"name", redistest.Options{}, conn.Dialer{Name: "me"}, []string{"HELLO 3", "CLIENT SETNAME me"}, redis7},
		{"database and name", withPass, conn.Dialer{Password: "pw", DB: 3, Name: "me"}, []string{
			"HELLO 3 AUTH default pw", "SELECT 3", "CLIENT SETNAME me",
		}, redis7},
		{"name forbidden", redistest.Options{Forbid: []string{"CLIENT SETNAME"}}, conn.Dialer{DB: 3, Name: "me"}, []string{
			"HELLO 3", "SELECT 3", "CLIENT SETNAME me",
		}, redis7},
		{"no CLIENT", redistest.Options{Unknown: []string{"CLIENT"}}, conn.Dialer{Name: "me"}, []string{"HELLO 3", "CLIENT SETNAME me"}, redis7},
	} {
		t.Run(g.name, func(t *testing.T) {
			noLeaks(t)
			var log redistest.Log
			c, client := dialSized(t, 64<<10, log.Record(redistest.Redis(g.server)), g.dialer)
			require.Equal(t, append([]string{}, g.want...), append([]string{}, log.Commands()...))
			require.Equal(t, g.hello, c.Hello())
			require.Equal(t, roundTrips(g.want), client.Writes(), "SELECT and SETNAME leave together, all else alone")
			echo(t, c, "fine")
		})
	}
}

// roundTrips counts SELECT with what follows as one.
func roundTrips(commands []string) int {
	for i, command := range commands {
		if strings.HasPrefix(command, "SELECT") || strings.HasPrefix(command, "CLIENT") {
			return i + 1
		}
	}
	return len(commands)
}

func TestHandshakeLeavesTheSessionAsAsked(t *testing.T) {
	for _, protocol := range []int{2, 3} {
		look := func(s *redistest.Session, _ []string) {
			s.Bulk(fmt.Sprint(s.User, " ", s.Name, " ", s.DB, " ", s.Protocol()))
		}
		c := dialPipe(t, redistest.Override(map[string]redistest.Handler{"LOOK": look}, redistest.Redis(withPass)),
			conn.Dialer{Protocol: protocol, Password: "pw", DB: 7, Name: "me"})
		v, err := c.Do(t.Context(), "LOOK")
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf(`"default me 7 %d"`, protocol), v.String())
	}
}

// A refusal is one handshake that the server ends with an error reply.
type refusal struct {
	name   string
	server redistest.Options
	dialer conn.Dialer
	want   []string
	code   string
	says   string
}

func TestHandshakeRefused(t *testing.T) {
	for _, r := range []refusal{
		{"wrong password", withPass, conn.Dialer{Password: "no"}, []string{"HELLO 3 AUTH default no"}, "WRONGPASS", "HELLO: "},
		{"wrong user", withPass, conn.Dialer{Username: "eve", Password: "pw"}, []string{"HELLO 3 AUTH eve pw"}, "WRONGPASS", "HELLO: "},
		{"wrong password, RESP2", withPass, conn.Dialer{Protocol: 2, Password: "no"}, []string{"AUTH no"}, "WRONGPASS", "AUTH: "},
		{"wrong password, Redis 5", redis5Pass, conn.Dialer{Password: "no"}, []string{"HELLO 3 AUTH default no", "AUTH no"}, "ERR", "AUTH: "},
		{"wrong password, database behind", withPass, conn.Dialer{Protocol: 2, Password: "no", DB: 1}, []string{"AUTH no"}, "WRONGPASS", "AUTH: "},
		{"password needless, RESP2", redistest.Options{}, conn.Dialer{Protocol: 2, Password: "pw"}, []string{"AUTH pw"}, "ERR", "AUTH: "},

		{"password missing", withPass, conn.Dialer{}, []string{"HELLO 3"}, "NOAUTH", "none is set"},
		{"password missing, RESP2", withPass, conn.Dialer{Protocol: 2, DB: 1}, []string{"SELECT 1"}, "NOAUTH", "none is set"},
		{"password missing, Redis 5", redis5Pass, conn.Dialer{DB: 1}, []string{"HELLO 3", "SELECT 1"}, "NOAUTH", "none is set"},

		{"RESP3 forced, Redis 5", redis5, conn.Dialer{Protocol: 3}, []string{"HELLO 3"}, "ERR", "HELLO: "},
		{"RESP3 forced, before AUTH", redistest.Options{Password: "pw", HelloError: "NOAUTH wanted"}, conn.Dialer{Protocol: 3, Password: "pw"}, []string{"HELLO 3 AUTH default pw"}, "NOAUTH", "HELLO: "},

		{"no such database", redistest.Options{}, conn.Dialer{DB: 16}, []string{"HELLO 3", "SELECT 16"}, "ERR", "SELECT 16: "},
		{"no such database, named", redistest.Options{}, conn.Dialer{DB: 16, Name: "me"}, []string{"HELLO 3", "SELECT 16", "CLIENT SETNAME me"}, "ERR", "SELECT 16: "},
		{"database forbidden", redistest.Options{Forbid: []string{"SELECT"}}, conn.Dialer{DB: 1}, []string{"HELLO 3", "SELECT 1"}, "NOPERM", "SELECT 1: "},
	} {
		t.Run(r.name, func(t *testing.T) {
			noLeaks(t)
			var log redistest.Log
			client, server := redistest.Pipe()
			done := make(chan struct{})
			go func() {
				redistest.Serve(server, log.Record(redistest.Redis(r.server)))
				close(done)
			}()
			d := over(client, r.dialer)
			c, err := d.Dial(t.Context(), "tcp", "memory:0")
			require.Nil(t, c)
			require.True(t, conn.NotSent(err))
			require.Equal(t, conn.OpHandshake, failure(t, err).Op)
			require.True(t, resp.IsCode(err, r.code), "%v", err)
			require.ErrorContains(t, err, r.says)
			<-done // the connection is closed
			require.Equal(t, r.want, log.Commands(), "one attempt to log in, and nothing behind it")
		})
	}
}
