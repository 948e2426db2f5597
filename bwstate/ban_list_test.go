package bwstate

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// steps is a RoundTripper that gives one request after the other these replies.
type steps struct {
	replies []replies
	asked   [][]byte
}

func scanned(cursor string, keys ...string) string {
	reply := resp.AppendBulk(resp.AppendAggregate(nil, resp.Array, 2, 3), cursor)
	reply = resp.AppendAggregate(reply, resp.Array, len(keys), 3)
	for _, key := range keys {
		reply = resp.AppendBulk(reply, key)
	}
	return string(reply)
}

// SCAN names keys twice while the server rearranges its memory, and its pages may be empty, or larger than what was asked for.
func TestAListNamesEachBanOnce(t *testing.T) {
	const hour = ":3600000\r\n"
	s := &steps{replies: []replies{
		{scanned("7")},
		{scanned("9", "bans_ip_10.0.0.1", "bans_ip_10.0.0.2", "bans_ip_10.0.0.1")},
		{bulk("a"), hour, bulk("b"), hour, scanned("3", "bans_ip_10.0.0.2", "bans_service_x_ip_10.0.0.2")},
		{bulk("c"), ":-2\r\n", scanned("0", "bans_service_x_ip_10.0.0.2", "bans_ip_10.0.0.3")},
		{bulk("d"), hour},
	}}
	var reasons []string
	for b, err := range New(s).Bans(t.Context(), BanFilter{}) {
		require.NoError(t, err)
		reasons = append(reasons, b.Reason)
	}
	require.Equal(t, []string{"a", "b", "d"}, reasons, "and what ended in between is none")
	require.Len(t, s.asked, 5)
	require.Contains(t, string(s.asked[2]), "$4\r\nSCAN\r\n$1\r\n9\r\n", "the next step is asked for with the bans of this one")
	require.NotContains(t, string(s.asked[4]), "SCAN")
}

func TestAListReadsSoManyBansAtOnce(t *testing.T) {
	keys := make([]string, maxValues+50)
	values := func(n int) (r replies) {
		for range n {
			r = append(r, bulk("x"), ":-1\r\n")
		}
		return r
	}
	for i := range keys {
		keys[i] = "bans_ip_" + netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).String()
	}
	s := &steps{replies: []replies{{scanned("5", keys...)}, values(maxValues), append(values(50), scanned("0"))}}
	n := 0
	for _, err := range New(s).Bans(t.Context(), BanFilter{}) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, len(keys), n)
	require.NotContains(t, string(s.asked[1]), "SCAN", "what is named is read first")
}

// askedTwice is a server whose first answers were lost behind the first reply that is wrong, so that it is asked again.
type askedTwice struct{ *steps }

func (s askedTwice) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if q.Len() > 1 {
		var r resp.Reply
		r.Reset([]byte("-WRONGTYPE no string\r\n"))
		if err := h.HandleReply(0, &r); err != nil {
			return err
		}
		r.Reset([]byte(":-1\r\n"))
		if err := h.HandleReply(1, &r); err != nil {
			return err
		}
	}
	return s.steps.RoundTrip(ctx, q, h)
}

// What was answered before the connection was lost does not count when the list is asked for again.
func TestAListThatIsAskedForAgain(t *testing.T) {
	s := askedTwice{&steps{replies: []replies{{scanned("7", "bans_ip_10.0.0.1")}, {bulk("a"), ":-1\r\n", scanned("0")}}}}
	n := 0
	for b, err := range New(s).Bans(t.Context(), BanFilter{}) {
		n++
		require.NoError(t, err)
		require.Equal(t, "a", b.Reason)
	}
	require.Equal(t, 1, n)
}

func TestAListThatIsRefused(t *testing.T) {
	for name, frame := range map[string]string{"refused": "-NOPERM no\r\n", "no page": "+OK\r\n", "no keys": "*2\r\n$1\r\n0\r\n+x\r\n", "an empty page": "*0\r\n"} {
		n := 0
		for b, err := range New(&steps{replies: []replies{{frame}}}).Bans(t.Context(), BanFilter{}) {
			n++
			require.Error(t, err, name)
			require.Zero(t, b)
		}
		require.Equal(t, 1, n, name)
	}
}

func TestWhatWasSeenIsBounded(t *testing.T) {
	var s keyScan
	isNew := func(i int) bool {
		ip := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		return s.isNew(ip, banKey(GlobalScope, "", ip))
	}
	const n = 3 * maxSeen
	for i := range n {
		require.True(t, isNew(i))
	}
	require.LessOrEqual(t, len(s.seen)+len(s.before), 2*maxSeen)
	require.False(t, isNew(n-maxSeen), "the last ones are known")
	require.True(t, isNew(0), "the first ones are forgotten")
	require.False(t, isNew(n-1), "and the last ones still known")
}

func FuzzSplitKeys(f *testing.F) {
	for _, key := range []string{"bans_ip_1.2.3.4", "bans_service_a_ip_b_ip_::1", "bans_service_", "bans_service__ip_", "plugin_bad_behavior_a_b_1.2.3.4", "plugin_bad_behavior_", "_ip_"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if scope, service, text, ok := splitBanKey(key); ok {
			if scope == ServiceScope {
				require.NotContains(t, text, "_ip_")
			}
			if ip, err := netip.ParseAddr(text); err == nil && ip.String() == text {
				require.Equal(t, key, banKey(scope, service, ip), "what is split is made again")
			}
		}
		if scope, service, text, ok := splitBadBehaviorKey(key); ok {
			require.NotContains(t, text, "_")
			if ip, err := netip.ParseAddr(text); err == nil && ip.String() == text {
				require.Equal(t, key, badBehaviorKey(scope, service, ip))
			}
		}
		op, err := newUnbanAll(loopback, Everywhere{})
		require.NoError(t, err)
		if _, ok := op.site(key); ok {
			require.True(t, strings.HasSuffix(key, "_127.0.0.1"), "%q is not this address's", key)
		}
	})
}

func TestParseBanAddr(t *testing.T) {
	for text, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", " 1.2.3.4\r\n": "1.2.3.4", "2001:DB8::1": "2001:db8::1", "[2001:db8:0:0::1]": "2001:db8::1", "::ffff:1.2.3.4": "1.2.3.4", "::FFFF:102:304": "1.2.3.4",
		"2001:db8:0:1:0:0:0:1": "2001:db8:0:1::1", "::1": "::1", "::": "::",
	} {
		ip, err := ParseBanAddr(text)
		require.NoError(t, err, text)
		require.Equal(t, want, ip.String())
	}
	for _, text := range []string{"", "1.2.3", "1.2.3.4/32", "2001:db8::/64", "01.2.3.4", "fe80::1%eth0", "[1.2.3.4", "localhost", "FR", "1.2.3.4:80", "[]", "1.2.3.4 5.6.7.8"} {
		_, err := ParseBanAddr(text)
		var e *ArgumentError
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, "ip", e.Name)
	}
}

func (s *steps) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	s.asked = append(s.asked, append([]byte(nil), q.Encoded()...))
	return s.replies[len(s.asked)-1].RoundTrip(ctx, q, h)
}
