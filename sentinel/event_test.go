package sentinel

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

func push(elems ...string) *resp.Reply {
	frame := resp.AppendAggregate(nil, resp.Push, len(elems), 3)
	for _, e := range elems {
		frame = resp.AppendBulk(frame, e)
	}
	r := &resp.Reply{}
	r.Reset(frame)
	return r
}

func TestReadEvent(t *testing.T) {
	for _, c := range []struct {
		channel, text string
		want          event
		ours          bool
	}{
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6380", event{meaning: switched, addr: "10.0.0.2:6380"}, true},
		{"+switch-master", "mymaster 2001:db8::1 6379 2001:db8::2 6380", event{meaning: switched, addr: "[2001:db8::2]:6380"}, true},
		{"+switch-master", "mymaster 10.0.0.1 6379 ::ffff:10.0.0.2 06380", event{meaning: switched, addr: "10.0.0.2:6380"}, true},
		{"+switch-master", "mymaster a.example 6379 b.example 6379", event{meaning: switched, addr: "b.example:6379"}, true},
		{"+switch-master", "mymaster2 10.0.0.1 6379 10.0.0.2 6380", event{}, false},
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2", event{}, false},
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 0", event{}, false},
		{"+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 x 1", event{}, false},
		{"+switch-master", "", event{}, false},
		{"+elected-leader", "master mymaster 10.0.0.1 6379", event{meaning: failing}, true},
		{"+try-failover", "master mymaster 10.0.0.1 6379", event{meaning: trying}, true},
		{"+elected-leader", "master mymaster2 10.0.0.1 6379", event{}, false},
		{"+selected-slave", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379", event{meaning: failing}, true},
		{"+promoted-slave", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379", event{meaning: promoting}, true},
		{"+promoted-slave", "slave 10.0.0.2:6379 10.0.0.2 6379 @ my 10.0.0.1 6379", event{}, false},
		{"-failover-abort-not-elected", "master mymaster 10.0.0.1 6379", event{meaning: ended}, true},
		{"+odown", "master mymaster 10.0.0.1 6379 #quorum 2/2", event{meaning: dead}, true},
		{"+something-else", "master mymaster 10.0.0.1 6379", event{}, false},
	} {
		e, ours, err := readEvent(push("message", c.channel, c.text), "mymaster")
		require.NoError(t, err)
		require.Equal(t, c.ours, ours, "%s %s", c.channel, c.text)
		if ours {
			require.Equal(t, c.want, e, "%s %s", c.channel, c.text)
		}
	}
	for _, r := range []*resp.Reply{push("subscribe", "+odown", "1"), push("message"), push(), push("message", "+odown")} {
		_, ours, _ := readEvent(r, "mymaster")
		require.False(t, ours)
	}
}

func TestAddressMap(t *testing.T) {
	m := AddressMap{"10.0.0.1:6379": "a.example:7001", "10.0.0.2": "b.example", "10.0.0.3": "c.example:7003", "2001:db8::1": "2001:db8::2"}
	for announced, want := range map[string]string{
		"10.0.0.1:6379": "a.example:7001", "10.0.0.1:6380": "10.0.0.1:6380",
		"10.0.0.2:6379": "b.example:6379", "10.0.0.3:6379": "c.example:7003",
		"[2001:db8::1]:6379": "[2001:db8::2]:6379", "other:1": "other:1", "nonsense": "nonsense",
	} {
		require.Equal(t, want, m.Reach(announced))
	}
	require.Equal(t, "a:1", AddressMap(nil).Reach("a:1"))
}

// Whom nobody has configured is one of those who are known, as soon as it says who it is.
func TestMembersAreKnownByTheirIDs(t *testing.T) {
	ms := newMembers([]string{"a:1", "a:1", "b:1"})
	all := ms.all()
	require.Len(t, all, 2)
	require.Nil(t, ms.learn("c:1", "c"), "a and b have not been asked")
	for _, m := range all {
		ms.answered(m, nil)
	}
	c := ms.learn("c:1", "c")
	require.NotNil(t, c)
	require.Nil(t, ms.learn("d:1", "c"))
	require.True(t, ms.identify(all[0], "c"), "who is configured stays")
	require.False(t, ms.identify(c, "c"))
	require.True(t, ms.identify(c, ""))
	ms.forget(c)
	ms.forget(all[1])
	require.Equal(t, all, ms.all())
	for i := range 2 * maxLearned {
		ms.learn(fmt.Sprintf("l%d:1", i), fmt.Sprint(i))
	}
	require.Len(t, ms.all(), 2+maxLearned)
}
