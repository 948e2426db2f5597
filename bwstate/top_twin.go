package bwstate

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// A topTwin is one of lua/top_*.lua at work.
type topTwin struct {
	twinCall
	prefix  string
	current int64
}

func newTopTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) *topTwin {
	t := &topTwin{twinCall: twinCall{call, dst}, prefix: keys[0]}
	if window := number(argv[0]); window > 0 {
		t.current = t.clock() / window
	}
	return t
}

// isScore reports whether a score is one that scripts write.
func isScore(f float64) bool { return f >= 1 && f <= maxExact && f == math.Floor(f) }

func (t *topTwin) place(back int64) string {
	return t.prefix + strconv.FormatInt(t.current-back, 10)
}

func (t *topTwin) integer(args ...string) int64 {
	n, _ := t.call(args...).Int()
	return n
}

// score returns the score of a member, and false when it is not there.
func (t *topTwin) score(key, member string) (float64, bool) {
	v := t.call("ZSCORE", key, member)
	score, err := v.Float()
	return score, err == nil && !v.IsNull()
}

// end returns the first member of a sorted set by the command ZRANGE or ZREVRANGE, and its score; nothing when it is empty.
func (t *topTwin) end(command, key string) (member string, score float64) {
	for v := range t.call(command, key, "0", "0").All() {
		member, _ = v.Text()
		score, _ = t.score(key, member)
	}
	return member, score
}

// wholeText is what %.0f makes of a number.
func wholeText(f float64) string { return strconv.FormatFloat(f, 'f', 0, 64) }

// addTopTwin is lua/top_add.lua.
func addTopTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := newTopTwin(call, keys, argv, dst)
	key, size, pairs := t.place(0), number(argv[2]), argv[3:]
	if there := call("ZCARD", key); there.Err() != nil {
		return appendValue(dst, there)
	}
	most, sum := t.end("ZREVRANGE", key)
	if _, least := t.end("ZRANGE", key); most != "" && !(isScore(sum) && isScore(least)) {
		return t.text(foreignText)
	}
	for i := 1; i < len(pairs); i += 2 {
		sum += float64(number(pairs[i]))
	}
	if !(sum <= maxExact) {
		return t.text(overflowed)
	}
	reply := resp.AppendAggregate(dst, resp.Array, len(pairs)/2, 3)
	for i := 0; i < len(pairs); i += 2 {
		count, found := t.score(key, pairs[i])
		full := !found && t.integer("ZCARD", key) >= size
		var least string
		if full {
			least, count = t.end("ZRANGE", key)
		}
		text := wholeText(count + float64(number(pairs[i+1])))
		if added := call("ZADD", key, text, pairs[i]); added.Err() != nil { // there is no room
			call("PEXPIRE", key, argv[1])
			return appendValue(dst, added)
		}
		if full {
			call("ZREM", key, least)
		}
		reply = resp.AppendBulk(reply, text)
	}
	call("PEXPIRE", key, argv[1])
	return reply
}

// readTopTwin is lua/top_read.lua.
func readTopTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := newTopTwin(call, keys, argv, dst)
	size, show := number(argv[2]), int(number(argv[3]))
	sums, members, wrong := map[string]float64{}, []string{}, 0.0
	for back := range number(argv[1]) {
		key := t.place(back)
		list := call("ZREVRANGE", key, "0", strconv.FormatInt(size-1, 10))
		if list.Err() != nil {
			return appendValue(dst, list)
		}
		for _, v := range list.Elems() {
			member, _ := v.Text()
			if _, ok := sums[member]; !ok {
				members = append(members, member)
			}
			score, _ := t.score(key, member)
			switch sums[member] += score; {
			case len(member) > maxTopMember || !isScore(score):
				return t.text(foreignText)
			case sums[member] > maxExact:
				return t.text(overflowed)
			}
		}
		if t.integer("ZCARD", key) >= size {
			_, least := t.end("ZRANGE", key)
			wrong += least
		}
	}
	found := []string{wholeText(wrong)}
	if len(argv) > 5 {
		if sum, ok := sums[argv[5]]; ok {
			rank := 1
			for _, other := range sums {
				if other > sum {
					rank++
				}
			}
			found = append(found, strconv.Itoa(rank), wholeText(sum))
		}
		return appendTexts(dst, found)
	}
	slices.SortFunc(members, func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(b, a))
	})
	for _, member := range members[:min(show, len(members))] {
		found = append(found, member, wholeText(sums[member]))
	}
	return appendTexts(dst, found)
}

// deleteTopTwin is lua/top_delete.lua.
func deleteTopTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := newTopTwin(call, keys, argv, dst)
	gone := int64(0)
	for back := range number(argv[1]) {
		gone += t.integer("UNLINK", t.place(back))
	}
	return resp.AppendInt(dst, gone)
}

func appendTexts(dst []byte, texts []string) []byte {
	dst = resp.AppendAggregate(dst, resp.Array, len(texts), 3)
	for _, text := range texts {
		dst = resp.AppendBulk(dst, text)
	}
	return dst
}
