package localstore_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// workload is what random requests are made of: k is a key, n a number, v a text.
var workload = strings.Split(`SET k v|SET k v EX n|SETEX k n v|APPEND k v|GETDEL k|INCRBYFLOAT k n.5|MSET k v k v k v|DEL k k|EXPIRE k n|EXPIRE k n GT|PERSIST k|RENAME k k|RENAMENX k k|
COPY k k|COPY k k REPLACE|GETSET k v|RPUSH k v v v|LPUSH k v v|RPUSHX k v|LPOP k|RPOP k n|LSET k n v|LTRIM k 0 n|LTRIM k n -1|LREM k n v|LRANGE k 0 -1|HSET k n v n v|HSETNX k n v|
HDEL k n n|HINCRBY k n n|HINCRBYFLOAT k n n.5|HGETALL k|HSCAN k 0|ZADD k n v n n n v|ZADD k GT CH n v n v|ZADD k XX INCR n v|ZINCRBY k n v|ZREM k v n|ZPOPMIN k|ZPOPMAX k n|
ZREMRANGEBYSCORE k n (2|ZREMRANGEBYRANK k n -n|ZRANGE k 0 -1 WITHSCORES|ZRANGE k n n BYSCORE REV LIMIT 1 2|SCAN 0|DBSIZE|UNLINK k`, "|")

// Whatever comes in whatever order: memory is counted right and stays below the limit, every value is intact, a command that is refused has changed nothing,
// and what needs no memory is never refused for the lack of it.
func TestRandomWorkload(t *testing.T) {
	for _, evict := range []bool{false, true} {
		r := rand.New(rand.NewPCG(7, 7))
		c := newClock()
		s := localstore.New(localstore.Config{MaxBytes: 6 << 10, Evict: evict, Now: c.Now})
		ooms := 0
		for i := range 8000 {
			args := strings.Fields(workload[r.IntN(len(workload))])
			for j, arg := range args {
				switch arg {
				case "k":
					args[j] = key("k", r.IntN(30))
				case "v":
					args[j] = strings.Repeat("v", 1+r.IntN(200)*r.IntN(2))
				default:
					args[j] = strings.ReplaceAll(arg, "n", strconv.Itoa(1+r.IntN(20)))
				}
			}
			before := s.Dump()
			err := do(t, s, args...).Err()
			require.NoError(t, s.Check(), "%d: %.200q", i, args)
			if err != nil {
				require.Equal(t, before, s.Dump(), "%d: %.200q", i, args)
			}
			if resp.IsCode(err, "OOM") {
				ooms++
				require.NotContains(t, "GETDEL DEL EXPIRE PERSIST LPOP RPOP LTRIM LREM LRANGE HDEL HGETALL ZREM ZPOPMIN SCAN", args[0])
			}
			c.advance(time.Duration(r.IntN(20)) * time.Millisecond)
		}
		require.Greater(t, ooms, 50, "evict: %v", evict)
		t.Logf("evict: %v, %d refused for lack of memory", evict, ooms)
	}
}
