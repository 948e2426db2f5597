package localstore_test

import (
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/stretchr/testify/require"
)

var expireCases = map[string][]step{
	"ttl": {
		{"TTL k", ":-2"},
		{"PTTL k", ":-2"},
		{"EXPIRETIME k", ":-2"},
		{"PEXPIRETIME k", ":-2"},
		{"SET k v", "+OK"},
		{"TTL k", ":-1"},
		{"PTTL k", ":-1"},
		{"EXPIRETIME k", ":-1"},
		{"PEXPIRETIME k", ":-1"},
		{"PEXPIRE k 1500", ":1"},
		{"TTL k", ":2"}, // rounded to the nearest second, as the server does
		{"PTTL k", ":1500"},
		{"EXPIRETIME k", ":1700000002"},
		{"PEXPIRETIME k", ":1700000001500"},
		{"advance 1ms", ""},
		{"TTL k", ":1"},
		{"advance 1000ms", ""},
		{"TTL k", ":0"},
		{"PTTL k", ":499"},
		{"advance 499ms", ""},
		{"PTTL k", ":0"}, // the millisecond of the deadline is still alive
		{"GET k", `"v"`},
		{"advance 1ms", ""},
		{"GET k", "_"},
		{"TTL k", ":-2"},
	},
	"expire": {
		{"EXPIRE k 10", ":0"},
		{"SET k v", "+OK"},
		{"EXPIRE k 10", ":1"},
		{"TTL k", ":10"},
		{"EXPIREAT k 1700000020", ":1"},
		{"TTL k", ":20"},
		{"PEXPIREAT k 1700000000030", ":1"},
		{"PTTL k", ":30"},
		{"EXPIRE k 0", ":1"},
		{"EXISTS k", ":0"},
		{"SET k v", "+OK"},
		{"EXPIRE k -1", ":1"},
		{"EXISTS k", ":0"},
		{"SET k v", "+OK"},
		{"PEXPIREAT k 1700000000000", ":1"}, // now is already over for it
		{"EXISTS k", ":0"},
		{"EXPIRE k x", notInteger},
		{"EXPIRE k 9223372036854775807", badExpiry("expire")},
		{"EXPIRE k -9223372036854775808", badExpiry("expire")},
		{"PEXPIRE k 9223372036854775807", badExpiry("pexpire")},
		{"PEXPIRE k -9223372036854775808", ":0"},
		{"EXPIREAT k 9223372036854775807", badExpiry("expireat")},
		{"PEXPIREAT k 9223372036854775807", ":0"},
		{"EXPIRE k", arity("expire")},
		{"PEXPIREAT k", arity("pexpireat")},
		{"EXPIRE k 1 FOO", "-ERR Unsupported option FOO"},
	},
	"conditions": {
		{"SET k v", "+OK"},
		{"EXPIRE k 10 XX", ":0"},
		{"EXPIRE k 10 GT", ":0"},
		{"EXPIRE k 10 NX", ":1"},
		{"EXPIRE k 20 NX", ":0"},
		{"EXPIRE k 20 xx", ":1"},
		{"EXPIRE k 20 GT", ":0"},
		{"EXPIRE k 20 LT", ":0"},
		{"EXPIRE k 21 GT", ":1"},
		{"EXPIRE k 5 LT", ":1"},
		{"EXPIRE k 6 XX LT", ":0"},
		{"EXPIRE k 6 XX GT", ":1"},
		{"TTL k", ":6"},
		{"PERSIST k", ":1"},
		{"EXPIRE k 5 LT XX", ":0"},
		{"EXPIRE k 5 LT", ":1"}, // no deadline counts as the latest
		{"EXPIRE k -1 GT", ":0"},
		{"EXPIRE k 1 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
		{"EXPIRE k 1 GT NX", "-ERR NX and XX, GT or LT options at the same time are not compatible"},
		{"EXPIRE k 1 GT LT", "-ERR GT and LT options at the same time are not compatible"},
	},
	"persist": {
		{"PERSIST k", ":0"},
		{"SET k v", "+OK"},
		{"PERSIST k", ":0"},
		{"EXPIRE k 1", ":1"},
		{"PERSIST k", ":1"},
		{"TTL k", ":-1"},
		{"advance 2s", ""},
		{"GET k", `"v"`},
	},
	"dead keys are new to every command": {
		{"SET k 5 PX 1", "+OK"},
		{"advance 2ms", ""},
		{"INCR k", ":1"},
		{"TTL k", ":-1"},
		{"PEXPIRE k 1", ":1"},
		{"advance 2ms", ""},
		{"SET k v NX", "+OK"},
		{"PEXPIRE k 1", ":1"},
		{"advance 2ms", ""},
		{"SET k v XX", "_"},
		{"SET k v PX 1", "+OK"},
		{"advance 2ms", ""},
		{"APPEND k w", ":1"},
		{"PEXPIRE k 1", ":1"},
		{"advance 2ms", ""},
		{"SCAN 0", `["0" []]`},
		{"DEL k", ":0"},
	},
}

func TestExpiry(t *testing.T) {
	for name, steps := range expireCases {
		t.Run(name, func(t *testing.T) { play(t, steps) })
	}
}

// Nobody looks at the keys again; other writes drop them.
func TestDeadKeysDoNotAccumulate(t *testing.T) {
	c := newClock()
	s := localstore.New(localstore.Config{Now: c.Now})
	for i := range 10_000 {
		do(t, s, "SET", key("dead", i), "v", "PX", "5")
		c.advance(time.Millisecond)
		require.LessOrEqual(t, s.Held(), 10)
	}
	for i := range 1000 {
		do(t, s, "SET", key("late", i), "v", "PX", "50")
	}
	c.advance(time.Second)
	for range 510 {
		do(t, s, "INCR", "n") // two arguments: two dead keys
	}
	require.Equal(t, 1, s.Held())
	require.NoError(t, s.Check())
}
