package bwstate_test

import (
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
)

type connectGolden struct {
	Cases []struct {
		Name     string
		Settings map[string]string
		Result   struct{ Connect bool }
	}
}

// connects is what becomes of a case here: nothing for a connection, otherwise the setting that is refused, or the
// phase that fails. Parity then names the setting because of which it is not what became of it there.
type connects struct{ refused, fails, parity string }

var connectsHere = map[string]connects{
	"ok":                                {},
	"empty-host":                        {refused: "REDIS_HOST"},
	"localhost-name":                    {parity: "REDIS_HOST, lua: asks the DNS servers of nginx"},
	"ipv6-bare":                         {parity: "REDIS_HOST, lua: does not connect: it needs brackets"},
	"ipv6-brackets":                     {parity: "REDIS_HOST, python: looks for a host whose name has brackets"},
	"tls-no-verify":                     {parity: "REDIS_SSL_VERIFY, python: does not read it"},
	"tls-verify-trusted-ca-wrong-name":  {fails: conn.OpTLS, parity: "REDIS_SSL_VERIFY, lua: verifies the authority, of a list of its own, and never the name"},
	"tls-verify-untrusted":              {fails: conn.OpTLS},
	"tls-to-plain-port":                 {fails: conn.OpTLS},
	"no-answer-timeout-300ms":           {fails: conn.OpHandshake},
	"wrong-password":                    {}, // a user without a password takes any, if it is said with HELLO
	"sentinel-empty-master-name":        {fails: "sentinels", parity: "REDIS_SENTINEL_MASTER, lua state: asks for a master whose name is empty"},
	"sentinel-all-dead":                 {fails: "sentinels"},
	"real-sentinel-empty-master":        {parity: "REDIS_SENTINEL_MASTER, lua state: asks for a master whose name is empty"},
	"real-sentinel-wrong-master":        {fails: "sentinels"},
	"real-sentinel-readonly-no-replica": {parity: "REDIS_SENTINEL_HOSTS, lua state: reads bans and cached lookups from a replica"},
	"pool-zero":                         {refused: "REDIS_KEEPALIVE_POOL"},
	"idle-zero":                         {refused: "REDIS_KEEPALIVE_IDLE"},
	"all-numbers-empty":                 {fails: "port 6379"},
}

// Every connection that a node tried is tried here, with servers in the place of those that it had.
func TestSettingsConnectLikeBunkerWeb(t *testing.T) {
	var golden connectGolden
	readGolden(t, "connect.json", &golden)
	require.Len(t, golden.Cases, len(connectsHere))
	ca := redistest.NewCA(t)
	rig := newRig(t, ca)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			want, known := connectsHere[c.Name]
			require.True(t, known)
			values := map[string]string{
				"USE_REDIS": "yes", "BWREDIS_TIME_UNIT": "milliseconds", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "7391",
				"REDIS_SSL_VERIFY": "no", "REDIS_TIMEOUT": "1000", // BunkerWeb's own defaults
			}
			maps.Copy(values, c.Settings)
			values = rig.moved(t, values)
			if c.Name != "tls-verify-untrusted" && values["REDIS_SSL_VERIFY"] == "yes" {
				values["REDIS_SSL_CA"] = ca.File
			}
			settings, err := bwstate.ReadSettings(bwstate.FromMap("", values))
			if want.refused != "" {
				var one *bwstate.SettingError
				require.ErrorAs(t, err, &one)
				require.Equal(t, want.refused, one.Name)
				return
			}
			require.NoError(t, err)
			requireParity(t, settings, want.parity)
			if want.fails == "port 6379" { // who knows what listens there
				require.Equal(t, "127.0.0.1:6379", settings.Addr())
				return
			}
			state, err := bwstate.Open(t.Context(), settings)
			if want.fails == "" {
				require.NoError(t, err)
				require.NoError(t, state.Close())
				return
			}
			require.Error(t, err)
			var failure *conn.Error
			if want.fails != "sentinels" {
				require.ErrorAs(t, err, &failure)
				require.Equal(t, want.fails, failure.Op)
			}
		})
	}
}

func requireParity(t *testing.T, s bwstate.Settings, part string) {
	t.Helper()
	found := s.Parity()
	has := func(d bwstate.Difference) bool { return strings.Contains(d.String(), part) }
	require.True(t, part == "" || slices.ContainsFunc(found, has), "no %q in %v", part, found)
}

// rig are the servers that the node had, by their ports there.
type rig map[string]string

func newRig(t *testing.T, ca *redistest.CA) rig {
	plain := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(redistest.Options{})))
	sentinel := redistest.Override(map[string]redistest.Handler{"SENTINEL GET-MASTER-ADDR-BY-NAME": toMaster(t, plain.Addr())},
		redistest.Redis(redistest.Options{}))
	dead := redistest.NewServer(t, redistest.Redis(redistest.Options{}))
	dead.Close()
	r := rig{}
	for port, addr := range map[string]string{
		"7391": plain.Addr(), "7302": overIPv6(t, plain.Addr()), "7301": dead.Addr(), "7304": dead.Addr(),
		"7303": redistest.NewServer(t, func(c *redistest.Session, _ []string) { c.Stall() }).Addr(),
		"7398": redistest.NewTLSServer(t, redistest.Redis(redistest.Options{}), ca.ServerConfig(ca.WrongName())).Addr(),
		"7305": redistest.NewServer(t, sentinel).Addr(),
	} {
		_, r[port], _ = net.SplitHostPort(addr)
	}
	return r
}

// moved has the ports of the servers here.
func (r rig) moved(t *testing.T, values map[string]string) map[string]string {
	moved := maps.Clone(values)
	for name, text := range values {
		for port, here := range r {
			if !strings.Contains(text, port) {
				continue
			}
			if here == "" {
				t.Skip("no IPv6 here")
			}
			text = strings.ReplaceAll(text, port, here)
			break
		}
		moved[name] = text
	}
	return moved
}

// overIPv6 is an address that leads to another one, or "" where there is no IPv6.
func overIPv6(t *testing.T, addr string) string {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return ""
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", addr)
			if err != nil {
				_ = in.Close()
				continue
			}
			pipe := func(to, from net.Conn) {
				_, _ = io.Copy(to, from)
				_ = to.Close()
			}
			go pipe(in, out)
			go pipe(out, in)
		}
	}()
	return l.Addr().String()
}

type pythonConnectGolden struct {
	Cases []struct {
		Name      string
		Arguments map[string]string
		Client    *string
		Trace     []struct{ Send [][]string }
	}
}

// What BunkerWeb's Python sends first is sent here, too, but for what nobody asked for.
func TestSettingsConnectLikePython(t *testing.T) {
	var golden pythonConnectGolden
	readGolden(t, "python_connect.json", &golden)
	require.Len(t, golden.Cases, 6)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			options := redistest.Options{Users: map[string]string{"bw": "upw"}, Password: "pw"}
			if c.Arguments["redis_password"] == "" && c.Arguments["redis_username"] == "" {
				options = redistest.Options{}
			}
			server := redistest.NewServer(t, redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(options)))
			sentinel := redistest.Override(map[string]redistest.Handler{"SENTINEL GET-MASTER-ADDR-BY-NAME": toMaster(t, server.Addr())},
				redistest.Redis(redistest.Options{Password: c.Arguments["redis_sentinel_password"]}))
			settings := pythonSettings(t, c.Arguments, server.Addr(), redistest.NewServer(t, sentinel).Addr())
			state, err := bwstate.Open(t.Context(), settings)
			if c.Name == "sentinel-password-required" {
				require.Nil(t, c.Client, "Python does not get in")
				requireParity(t, settings, "REDIS_SENTINEL_PASSWORD, python: never authenticates to sentinels")
				require.NoError(t, err)
				require.NoError(t, state.Close())
				return
			}
			require.Equal(t, c.Client == nil, err != nil, "%v", err)
			var there []string
			for _, sent := range c.Trace {
				for _, args := range sent.Send {
					if args[0] != "CLIENT" && args[0] != "GET" {
						there = append(there, strings.Join(args, " "))
					}
				}
			}
			if err != nil { // there, it is tried eleven times; here it is one failed login
				there = there[:1]
			} else {
				require.NoError(t, state.Close())
			}
			here := slices.DeleteFunc(server.Commands(), func(line string) bool { return line == "ROLE" })
			if len(settings.SentinelHosts) > 0 && len(here) > len(there) { // the watch of the sentinels has gone on
				here = here[:len(there)]
			}
			require.Equal(t, there, here)
		})
	}
}

// pythonSettings are the settings that are given to Python as arguments.
func pythonSettings(t *testing.T, arguments map[string]string, server, sentinel string) bwstate.Settings {
	values := map[string]string{"USE_REDIS": "yes"}
	for name, text := range arguments {
		if name == "redis_db" {
			name = "redis_database"
		}
		values[strings.ToUpper(name)] = text
	}
	if arguments["redis_sentinel_hosts"] != "" {
		values["REDIS_SENTINEL_HOSTS"] = sentinel
	} else {
		values["REDIS_HOST"], values["REDIS_PORT"], _ = net.SplitHostPort(server)
	}
	settings, err := bwstate.ReadSettings(bwstate.FromMap("", values))
	require.NoError(t, err)
	return settings
}
