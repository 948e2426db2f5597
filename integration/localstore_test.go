package integration

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
)

// The embedded store answers to random commands of all its types what a server answers, errors included, and in the end holds the same.
func TestEmbeddedStoreAnswersLikeServers(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		dialer := conn.Dialer{DB: server.Database(t)}
		c, err := dialer.Dial(short(t), "tcp", server.Addr)
		require.NoError(t, err)
		defer c.Close()
		say := func(message string) string { return message }
		if !v.AtLeast(7, 0) {
			say = errorCode
		}
		compareWithServer(t, c, newRandom(20_000, v.AtLeast), 20_000, say)
	})
}

// errorCode returns as much of an error as all servers have in common.
func errorCode(message string) string {
	code, _, _ := strings.Cut(message, " ")
	return code
}

// An answerer is the embedded store, or a connection.
type answerer interface {
	RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error
}

// compareWithServer sends the same commands to both, fifty in each request. say returns what counts of an error.
func compareWithServer(t *testing.T, server answerer, r *random, commands int, say func(message string) string) {
	store := localstore.New(localstore.Config{})
	defer func() { require.NoError(t, store.Close()) }()
	for sent := 0; sent < commands; sent += 50 {
		batch := make([][]string, 50)
		for i := range batch {
			batch[i] = r.command()
		}
		requireSameAnswers(t, server, store, say, batch)
	}
	for _, kind := range "SLHZ" {
		for i := range 4 {
			requireSameContents(t, server, store, say, string(kind)+strconv.Itoa(i))
		}
	}
	requireSameAnswers(t, server, store, say, [][]string{{"DBSIZE"}})
}

// requireSameContents compares all there is to know of a key.
func requireSameContents(t *testing.T, server, store answerer, say func(string) string, key string) {
	requireSameAnswers(t, server, store, say, [][]string{
		{"TYPE", key}, {"TTL", key}, {"GET", key}, {"LRANGE", key, "0", "-1"}, {"HGETALL", key}, {"ZRANGE", key, "0", "-1", "WITHSCORES"},
	})
}

func requireSameAnswers(t *testing.T, server, store answerer, say func(string) string, batch [][]string) {
	t.Helper()
	want, got := answers(t, server, batch), answers(t, store, batch)
	for i, args := range batch {
		if !sameLifetime(args[0], want[i], got[i]) {
			require.Equal(t, normal(args[0], want[i], say), normal(args[0], got[i], say), "%q\nafter %q", args, batch[max(0, i-8):i])
		}
	}
}

func answers(t *testing.T, rt answerer, batch [][]string) []resp.Value {
	t.Helper()
	var q resp.Request
	for _, args := range batch {
		q.Cmd(args[0]).Args(args[1:]...)
	}
	all := make([]resp.Value, 0, len(batch))
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, rt.RoundTrip(ctx, &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		all = append(all, r.Value())
		return nil
	})))
	require.Len(t, all, len(batch))
	return all
}

// normal writes a reply so that those which mean the same are the same: without the order where there is none, and doubles
// to the bit.
func normal(command string, v resp.Value, say func(string) string) string {
	var refused *resp.Error
	if errors.As(v.Err(), &refused) {
		return "-" + say(refused.Message)
	}
	switch command {
	case "HGETALL":
		return inOrder(v.Elems(), 2, shown)
	case "HKEYS", "HVALS":
		return inOrder(v.Elems(), 1, shown)
	case "SCAN":
		return cursorOf(v) + inOrder(v.Elems()[1].Elems(), 1, shown)
	case "HSCAN":
		return cursorOf(v) + inOrder(v.Elems()[1].Elems(), 2, shown)
	case "ZSCAN": // some servers write scores with more digits
		return cursorOf(v) + inOrder(v.Elems()[1].Elems(), 2, func(v resp.Value) string {
			text, _ := v.Text()
			if f, err := strconv.ParseFloat(text, 64); err == nil {
				return fmt.Sprint(f)
			}
			return text
		})
	}
	return shown(v)
}

func cursorOf(v resp.Value) string { return shown(v.Elems()[0]) + " " }

// sameLifetime reports whether a command asks how long a key has left, and both say about the same.
func sameLifetime(command string, want, got resp.Value) bool {
	if command != "TTL" && command != "PTTL" {
		return false
	}
	a, err := want.Int()
	b, also := got.Int()
	const seconds = 30
	return err == nil && also == nil && a >= 0 && b >= 0 && max(a, b)-min(a, b) <= seconds*1000 && (command == "PTTL" || max(a, b)-min(a, b) <= seconds)
}

// shown writes a value with its kind.
func shown(v resp.Value) string {
	if v.Kind() == resp.Double {
		f, err := v.Float()
		f += 0 // servers keep the sign of a zero in large sorted sets only
		return fmt.Sprintf("double %x %v %v", math.Float64bits(f), f, err)
	}
	if elems := v.Elems(); len(elems) > 0 {
		texts := make([]string, len(elems))
		for i, e := range elems {
			texts[i] = shown(e)
		}
		return fmt.Sprintf("%v %q", v.Kind(), texts)
	}
	text, _ := v.Text()
	return fmt.Sprintf("%v %q", v.Kind(), text)
}

// inOrder sorts groups of so many elements.
func inOrder(elems []resp.Value, size int, show func(resp.Value) string) string {
	var groups [][]string
	for group := range slices.Chunk(elems, size) {
		var texts []string
		for _, e := range group {
			texts = append(texts, show(e))
		}
		groups = append(groups, texts)
	}
	slices.SortFunc(groups, func(a, b []string) int { return slices.Compare(a, b) })
	return fmt.Sprintf("%q", groups)
}
