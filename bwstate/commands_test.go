package bwstate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandsAreClassified(t *testing.T) {
	for class, lines := range map[commandClass][]string{
		changesConnection: {
			"AUTH x", "auth x", "AuTh x y", "HELLO 2", "HELLO 3 AUTH a b", "SELECT 1", "RESET", "QUIT", "MULTI", "EXEC", "DISCARD", "WATCH k", "UNWATCH",
			"SUBSCRIBE a", "PSUBSCRIBE a", "SSUBSCRIBE a", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "punsubscribe a", "MONITOR", "SYNC", "PSYNC ? -1",
			"REPLCONF ack 1", "ASKING", "READONLY", "READWRITE", "CLIENT REPLY OFF", "client reply skip", "CLIENT TRACKING ON", "CLIENT CACHING YES",
			"CLIENT SETNAME x", "CLIENT SETINFO LIB-NAME x", "CLIENT NO-TOUCH ON", "CLIENT no-evict on", "CLIENT CAPA REDIRECT",
			"CLIENT IMPORT-SOURCE ON", "CLIENT MAINT_NOTIFICATIONS ON", "SCRIPT DEBUG YES", "script debug sync",
		},
		blocks: {
			"BLPOP k 0", "brpop k 0", "BLMOVE a b LEFT LEFT 0", "BRPOPLPUSH a b 0", "BLMPOP 0 1 k LEFT", "BZPOPMIN k 0", "BZPOPMAX k 0", "BZMPOP 0 1 k MIN",
			"XREAD BLOCK 0 STREAMS s $", "XREADGROUP GROUP g c BLOCK 0 STREAMS s >", "WAIT 1 0", "WAITAOF 1 0 0", "SHUTDOWN",
		},
		reads: {
			"GET k", "get k", "GET SELECT", "PING", "INFO", "XRANGE s - +", "HGETALL k", "SCAN 0", "ZRANGE k 0 1", "TTL k", "EXISTS k",
			"MGET k", "STRLEN k", "GETRANGE k 0 1", "PTTL k", "EXPIRETIME k", "PEXPIRETIME k", "TYPE k", "DBSIZE", "ECHO x", "TIME", "LLEN k", "LRANGE k 0 1", "LINDEX k 0",
			"HGET k f", "HMGET k f", "HKEYS k", "HVALS k", "HLEN k", "HEXISTS k f", "HSTRLEN k f", "HSCAN k 0", "ZCARD k", "ZSCORE k m", "ZMSCORE k m", "ZRANK k m",
			"ZREVRANK k m", "ZCOUNT k 0 1", "ZREVRANGE k 0 1", "ZRANGEBYSCORE k 0 1", "ZREVRANGEBYSCORE k 1 0", "ZSCAN k 0",
		},
		shares: {
			"HELLO", "hello", "EVAL return 0", "GETDEL k", "GETEX k", "SORT k", "SPOP k", "ZRANGESTORE a b 0 1", "SINTERSTORE a b", "EVAL_RO return 0", "CLIENT", "CLIENT ID", "CLIENT KILL ID 1", "CLIENT PAUSE 1", "CLIENT UNBLOCK 1", "SCRIPT",
			"SCRIPT LOAD x", "SCRIPT FLUSH", "FUNCTION LIST", "PUBLISH c m", "SPUBLISH c m", "PUBSUB CHANNELS", "FLUSHALL", "CONFIG GET *", "DEBUG SLEEP 0",
			"SET AUTH x", "CLIENTREPLY OFF", "SELECTX 1", "XSELECT 1", "CLIENT REPLYX", "LPOP k", "nosuchcommand", "GETSET k v", "RENAME a b", "COPY a b",
			"INCRBYFLOAT k 1", "RPUSH k v", "LTRIM k 0 1", "HSET k f v", "HINCRBY k f 1", "HDEL k f", "ZADD k 1 m", "ZINCRBY k 1 m", "ZPOPMIN k", "ZREMRANGEBYRANK k 0 1",
			strings.Repeat("A", 1000), "CLIENT " + strings.Repeat("A", 1000), "SELECT" + strings.Repeat("T", 1000), "CLIENT\xff REPLY",
		},
	} {
		for _, line := range lines {
			require.Equal(t, class, classify(strings.Fields(line)), "%.60s", line)
		}
	}
	require.Equal(t, shares, classify([]string{""}))
	require.Equal(t, shares, classify([]string{"CLIENT", ""}))
}

func TestTheTableFits(t *testing.T) {
	for name := range classes {
		require.Equal(t, strings.ToUpper(name), name)
		require.LessOrEqual(t, len(name), 32, "what classify has room for")
	}
}

func TestClassifyingAllocatesNothing(t *testing.T) {
	for _, args := range [][]string{{"get", "k"}, {"client", "maint_notifications", "on"}, {strings.Repeat("a", 100), "x"}} {
		require.Zero(t, testing.AllocsPerRun(100, func() { classify(args) }))
	}
}

func TestARefusalSaysWhatToDo(t *testing.T) {
	err := refusal("SELECT")
	require.ErrorContains(t, err, "SELECT")
	require.ErrorContains(t, err, "pool.With")
}
