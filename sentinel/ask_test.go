package sentinel

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// The same address in another spelling is no other server.
func TestAddressesHaveOneSpelling(t *testing.T) {
	for want, spellings := range map[string][]instance{
		"10.0.0.1:6379":      {{host: "10.0.0.1", port: "6379"}, {host: "10.0.0.1", port: "06379"}, {host: "::ffff:10.0.0.1", port: "6379"}, {host: "::FFFF:a00:1", port: "6379"}},
		"[2001:db8::1]:6379": {{host: "2001:db8::1", port: "6379"}, {host: "2001:DB8:0:0::1", port: "0006379"}},
		"a.example:6379":     {{host: "a.example", port: "6379"}},
	} {
		for _, i := range spellings {
			require.True(t, i.hasAddr(), "%+v", i)
			require.Equal(t, want, i.addr(), "%+v", i)
		}
	}
}

// What would be dialled as this host, or as something else than is written, is no address; nor is what would begin a line of its own in a log.
func TestWhatIsNoAddress(t *testing.T) {
	for _, host := range []string{"", "0.0.0.0", "::", "0:0:0:0:0:0:0:0", "a b", "10.0.0.1\r\nall is well", "a\tb", "a\x00", "a\x7f", "[::1]", "a]"} {
		require.False(t, instance{host: host, port: "6379"}.hasAddr(), "%q", host)
	}
	for _, port := range []string{"", "0", "00", "-1", "+6379", "65536", "6379 ", "redis", "0x50"} {
		require.False(t, instance{host: "10.0.0.1", port: port}.hasAddr(), "%q", port)
	}
}

// list makes the reply of n times the same server.
func list(n int, fields ...string) *resp.Reply {
	one := resp.AppendAggregate(nil, resp.Map, len(fields)/2, 3)
	for _, f := range fields {
		one = resp.AppendBulk(one, f)
	}
	r := &resp.Reply{}
	r.Reset(append(fmt.Appendf(nil, "*%d\r\n", n), bytes.Repeat(one, n)...))
	return r
}

// Of a list no more is kept than any set has, and what has no address not at all.
func TestListsAreBounded(t *testing.T) {
	for _, tc := range []struct{ listed, kept int }{{0, 0}, {1, 1}, {mostInstances, mostInstances}, {mostInstances + 1, mostInstances}, {3 * mostInstances, mostInstances}} {
		all, err := readInstances(list(tc.listed, "ip", "10.0.0.1", "port", "6379", "runid", "x"))
		require.NoError(t, err)
		require.Len(t, all, tc.kept)
	}
	all, err := readInstances(list(10, "flags", "slave"))
	require.NoError(t, err)
	require.Empty(t, all)
	all, err = readInstances(list(10, "ip", "10.0.0.1", "port", "6379", "config-epoch", "99999999999999999999999"))
	require.NoError(t, err)
	require.Zero(t, all[0].epoch, "no number")
	const empty = 1 << 20
	var r resp.Reply
	r.Reset(append(fmt.Appendf(nil, "*%d\r\n", empty), bytes.Repeat([]byte("*0\r\n"), empty)...))
	require.Less(t, testing.AllocsPerRun(1, func() {
		copied := r
		_, err = readInstances(&copied)
	}), 10.0*mostInstances, "however many there are")
	require.NoError(t, err)
}

// Whatever a sentinel answers or publishes is read without a panic, and an event that concerns the master means something.
func FuzzRepliesOfSentinels(f *testing.F) {
	for _, s := range []string{
		"*2\r\n$2\r\nip\r\n$1\r\na\r\n", "%1\r\n$2\r\nip\r\n*0\r\n", ">3\r\n+message\r\n+odown\r\n+x\r\n", "*1\r\n%1\r\n+ip\r\n+x\r\n", "_\r\n", "*-1\r\n", "-ERR\r\n",
		"*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$9\r\nm a 1 b 2\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s resp.Scanner
		n, err := s.Scan(b)
		if n == 0 || err != nil {
			return
		}
		for _, read := range []func(*resp.Reply){
			func(r *resp.Reply) {
				all, _ := readInstances(r)
				for _, i := range all {
					require.True(t, i.hasAddr())
				}
			},
			func(r *resp.Reply) { _, _ = readInstance(r) },
			func(r *resp.Reply) { _, _ = readAddr(r) },
			func(r *resp.Reply) {
				e, ours, err := readEvent(r, "m")
				require.False(t, ours && err == nil && e.meaning == 0)
			},
		} {
			var r resp.Reply
			r.Reset(b[:n])
			read(&r)
		}
	})
}
