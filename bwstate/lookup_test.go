package bwstate

import (
	"context"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

func bulk(s string) string { return "$" + strconv.Itoa(len(s)) + "\r\n" + s + "\r\n" }

func TestBannedReadsAnyReplies(t *testing.T) {
	const null, gone, hour, wrongType = "_\r\n", ":-2\r\n", ":3600000\r\n", "-WRONGTYPE no string\r\n"
	for name, c := range map[string]struct {
		replies replies
		reason  string // of the ban, "" when there is none
		isError bool
	}{
		"none":                            {replies: replies{null, gone, null, gone}},
		"none, in RESP2":                  {replies: replies{"$-1\r\n", gone, "$-1\r\n", gone}},
		"service":                         {replies: replies{bulk("a"), hour, null, gone}, reason: "a"},
		"global":                          {replies: replies{null, gone, bulk("b"), hour}, reason: "b"},
		"both":                            {replies: replies{bulk("a"), hour, bulk("b"), hour}, reason: "a"},
		"ended between the two":           {replies: replies{bulk("a"), gone, null, gone}},
		"ended between the two, global":   {replies: replies{bulk("a"), gone, bulk("b"), hour}, reason: "b"},
		"begun between the two":           {replies: replies{null, hour, null, hour}},
		"wrong type":                      {replies: replies{wrongType, hour, null, gone}, isError: true},
		"wrong type of both":              {replies: replies{wrongType, hour, wrongType, hour}, isError: true},
		"wrong type, global":              {replies: replies{wrongType, hour, bulk("b"), hour}, reason: "b"},
		"service, wrong type behind":      {replies: replies{bulk("a"), hour, wrongType, hour}, reason: "a"},
		"none, wrong type behind":         {replies: replies{null, gone, wrongType, hour}, isError: true},
		"a lifetime that is refused":      {replies: replies{bulk("a"), "-NOPERM no\r\n", null, gone}, isError: true},
		"a lifetime that is no number":    {replies: replies{bulk("a"), "+soon\r\n", null, gone}, isError: true},
		"a value that is an array":        {replies: replies{"*1\r\n+a\r\n", hour, null, gone}, isError: true},
		"a value that is an empty map":    {replies: replies{"%0\r\n", hour, null, gone}, isError: true},
		"a value that is a number":        {replies: replies{":1\r\n", hour, null, gone}, reason: "1"},
		"a value that is a verbatim text": {replies: replies{"=5\r\ntxt:a\r\n", hour, null, gone}, reason: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			b, banned, err := New(c.replies).Banned(context.Background(), loopback, "www.example.com")
			require.Equal(t, c.isError, err != nil, "%v", err)
			require.Equal(t, c.reason != "", banned)
			require.Equal(t, c.reason, b.Reason)
			if !banned {
				require.Zero(t, b)
			}
		})
	}
}

func TestAWrongTypeIsTheServersError(t *testing.T) {
	_, _, err := New(replies{"_\r\n", ":-2\r\n", "-WRONGTYPE no string\r\n", ":-1\r\n"}).Banned(context.Background(), loopback, "a")
	require.True(t, resp.IsCode(err, "WRONGTYPE"), "%v", err)
	_, _, err = New(replies{"-WRONGTYPE no string\r\n", ":-1\r\n", "-NOPERM no\r\n", ":-1\r\n"}).Banned(context.Background(), loopback, "a")
	require.True(t, resp.IsCode(err, "WRONGTYPE"), "the first: %v", err)
	_, _, err = New(replies{"*0\r\n", ":-1\r\n"}).Banned(context.Background(), loopback, "")
	var e *resp.TypeError
	require.ErrorAs(t, err, &e)
}

func TestUnbanReadsAnyReplies(t *testing.T) {
	for name, c := range map[string]struct {
		replies replies
		lifted  bool
		code    string
	}{
		"a ban":                 {replies{":0\r\n", ":1\r\n"}, true, ""},
		"a count without a ban": {replies{":1\r\n", ":0\r\n"}, false, ""},
		"the count is refused":  {replies{"-OOM no\r\n", ":1\r\n"}, false, "OOM"},
		"both are refused":      {replies{"-OOM no\r\n", "-NOPERM no\r\n"}, false, "OOM"},
	} {
		lifted, err := New(c.replies).Unban(t.Context(), loopback, "")
		require.Equal(t, c.lifted, lifted, name)
		require.Equal(t, c.code != "", err != nil && resp.IsCode(err, c.code), "%s: %v", name, err)
	}
	op, err := newUnban(loopback, "")
	require.NoError(t, err)
	for _, frame := range []string{"-OOM no\r\n", ":1\r\n"} { // what was answered before it was sent again does not count
		require.NoError(t, replies{frame, ":1\r\n"}.RoundTrip(t.Context(), new(resp.Request), &op))
	}
	lifted, err := op.result(false)
	require.NoError(t, err)
	require.True(t, lifted)
}

func TestLifetimes(t *testing.T) {
	for ms, want := range map[int64]time.Duration{
		0:             time.Millisecond, // the last one has begun
		1:             time.Millisecond,
		3_600_000:     time.Hour,
		math.MaxInt64: time.Duration(math.MaxInt64/int64(time.Millisecond)) * time.Millisecond,
		-3:            time.Millisecond,
	} {
		b := Ban{}
		b.setTTL(ms)
		require.Equal(t, want, b.Remaining, ms)
		require.False(t, b.Permanent)
	}
	b := Ban{}
	b.setTTL(noExpiry)
	require.Equal(t, Ban{Permanent: true}, b)
}

// What a ban holds is its own: the next lookup uses the same memory.
func TestABanOutlivesItsLookup(t *testing.T) {
	value := bulk(`{"reason":"first","country":"FR","service":"x","reason_data":["first"],"date":1}`)
	b, _, err := New(replies{value, ":-1\r\n"}).Banned(context.Background(), loopback, "")
	require.NoError(t, err)
	for range 100 { // pools may drop what they are given
		_, _, err = New(replies{bulk(strings.Repeat("\xdb", len(value))), ":-1\r\n"}).Banned(context.Background(), loopback, "")
		require.NoError(t, err)
	}
	require.Equal(t, Ban{
		IP: loopback, Scope: GlobalScope, Service: "x", Reason: "first", Country: "FR", Data: []byte(`["first"]`), Permanent: true, Date: time.Unix(1, 0),
	}, b)
}

func TestLargeMemoryIsNotKept(t *testing.T) {
	op := new(lookup)
	op.value = make([]byte, maxKeptValue+1)
	op.recycle()
	require.Nil(t, op.value)

	req := new(adhoc)
	req.q.Cmd("SET").Str("k").Bytes(make([]byte, maxKeptRequest+1))
	req.recycle()
	require.Empty(t, req.q.Encoded())
	require.Zero(t, cap(req.q.Encoded()))
}
