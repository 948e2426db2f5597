package bwstate

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// maxExact is how far Lua's numbers are exact; what is more never looks like it.
const maxExact = 1<<53 - 1

// A countTwin is lua/count_add.lua at work.
type countTwin struct {
	twinCall
	keys, amounts []string
	current       string // the present window; "": there are none
	number        int64
	windows       int64
	token, mark   string
}

// addCountTwin is lua/count_add.lua.
func addCountTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &countTwin{twinCall: twinCall{call, dst}, keys: keys, amounts: argv[5:], windows: number(argv[2]), mark: argv[3]}
	if window := number(argv[1]); window > 0 {
		t.number = t.clock() / window
		t.current = strconv.FormatInt(t.number, 10)
	}
	if t.mark != "" {
		t.token = keys[len(keys)-1]
		if reply := t.begin(argv[4]); reply != nil {
			return reply
		}
	}
	fresh := make([]bool, len(t.amounts))
	for i, n := range t.amounts {
		fresh[i] = t.isFresh(keys[i])
		if count := t.plus(keys[i], n); count.Err() != nil {
			reply := t.cause(count, i)
			t.undo(fresh, i)
			return reply
		}
	}
	totals, reply := t.totals()
	if reply != nil {
		t.undo(fresh, len(t.amounts))
		return reply
	}
	for i := range t.amounts {
		t.call("PEXPIRE", keys[i], argv[0])
		t.forget(keys[i])
	}
	return t.counted(countedNow, totals)
}

// begin looks at the token, and notes it. What it returns, if anything, ends the script.
func (t *countTwin) begin(remember string) []byte {
	seen := t.call("GET", t.token)
	if seen.Err() != nil {
		if isWrongType(seen) {
			return t.counted(tokenForeign, []string{"0"})
		}
		return appendValue(t.dst, seen)
	}
	text, _ := seen.Text()
	switch {
	case seen.IsNull():
		if set := t.call("SET", t.token, t.mark, "PX", remember); set.Err() != nil {
			return appendValue(t.dst, set)
		}
		return nil
	case text == t.mark:
		totals, reply := t.totals()
		if reply != nil {
			return reply
		}
		return t.counted(countedBefore, totals)
	case strings.HasPrefix(text, tokenMagic):
		return t.counted(tokenUsed, []string{"0"})
	}
	return t.counted(tokenForeign, []string{"0"})
}

func (t *countTwin) counted(letter string, texts []string) []byte {
	dst := resp.AppendBulk(resp.AppendAggregate(t.dst, resp.Array, 1+len(texts), 3), letter)
	for _, text := range texts {
		dst = resp.AppendBulk(dst, text)
	}
	return dst
}

func (t *countTwin) plus(key, n string) resp.Value {
	if t.current != "" {
		return t.call("HINCRBY", key, t.current, n)
	}
	return t.call("INCRBY", key, n)
}

func (t *countTwin) isFresh(key string) bool {
	exists := []string{"EXISTS", key}
	if t.current != "" {
		exists = []string{"HEXISTS", key, t.current}
	}
	n, err := t.call(exists...).Int()
	return err == nil && n == 0
}

// cause returns what ends the script because of a counter.
func (t *countTwin) cause(reply resp.Value, i int) []byte {
	letter := overflowed
	switch {
	case isWrongType(reply):
		letter = otherType
	case !resp.IsCode(reply.Err(), "ERR"):
		return appendValue(t.dst, reply)
	case t.plus(t.keys[i], "0").Err() != nil:
		letter = foreignText
	}
	return t.counted(letter, []string{strconv.Itoa(i + 1)})
}

// undo takes back the first n additions.
func (t *countTwin) undo(fresh []bool, n int) {
	for i := n - 1; i >= 0; i-- {
		amount := t.amounts[i]
		switch {
		case fresh[i] && t.current != "":
			t.call("HDEL", t.keys[i], t.current)
		case fresh[i]:
			t.call("DEL", t.keys[i])
		case t.isFresh(t.keys[i]): // it had to make room for another
		case amount[0] == '-':
			t.plus(t.keys[i], amount[1:])
		case amount != "0":
			t.plus(t.keys[i], "-"+amount)
		}
	}
	if t.token != "" {
		t.call("DEL", t.token)
	}
}

// totals returns the total of each counter, or what ends the script.
func (t *countTwin) totals() (texts []string, reply []byte) {
	texts = make([]string, len(t.amounts))
	for i := range texts {
		if texts[i], reply = t.total(i); reply != nil {
			return nil, reply
		}
	}
	return texts, nil
}

func (t *countTwin) total(i int) (text string, reply []byte) {
	foreign := func() []byte { return t.counted(foreignText, []string{strconv.Itoa(i + 1)}) }
	if t.current == "" {
		v := t.call("GET", t.keys[i])
		switch text, _ = v.Text(); {
		case v.Err() != nil:
			return "", t.cause(v, i)
		case v.IsNull():
			return "0", nil
		case !isCount(text):
			return "", foreign()
		}
		return text, nil
	}
	counts := t.call(windowFields(t.keys[i], t.number, t.windows)...)
	if counts.Err() != nil {
		return "", t.cause(counts, i)
	}
	sum := 0.0
	for count := range counts.All() {
		text, _ := count.Text()
		switch {
		case count.IsNull():
		case !isCount(text):
			return "", foreign()
		default:
			n, _ := strconv.ParseFloat(text, 64)
			if sum += n; math.Abs(n) > maxExact || math.Abs(sum) > maxExact {
				return "", t.counted(overflowed, []string{strconv.Itoa(i + 1)})
			}
		}
	}
	return strconv.FormatFloat(sum, 'f', 0, 64), nil
}

// forget deletes windows that no longer count.
func (t *countTwin) forget(key string) {
	if t.current == "" {
		return
	}
	for _, field := range t.call("HKEYS", key).Elems() {
		text, _ := field.Text()
		at, err := strconv.ParseFloat(text, 64)
		if err == nil && strings.Trim(text, "0123456789") == "" && math.Abs(at-float64(t.number)) >= float64(t.windows) {
			t.call("HDEL", key, text)
		}
	}
}

func isCount(text string) bool {
	_, ok := parseCount([]byte(text))
	return ok
}

func isForeignCount(v resp.Value) bool {
	text, _ := v.Text()
	return !v.IsNull() && !isCount(text)
}

// windowFields is the command that reads a counter's windows, the present one first.
func windowFields(key string, current, windows int64) []string {
	fields := []string{"HMGET", key}
	for back := range windows {
		fields = append(fields, strconv.FormatInt(current-back, 10))
	}
	return fields
}

// readCountTwin is lua/count_read.lua.
func readCountTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &twinCall{call, dst}
	current := t.clock() / number(argv[0])
	dst = resp.AppendAggregate(dst, resp.Array, len(keys), 3)
	for _, key := range keys {
		counts := call(windowFields(key, current, number(argv[1]))...)
		switch {
		case isWrongType(counts):
			dst = resp.AppendBulk(dst, otherType)
			continue
		case counts.Err() != nil:
			return appendValue(t.dst, counts)
		case slices.ContainsFunc(counts.Elems(), isForeignCount):
			dst = resp.AppendBulk(dst, foreignText)
			continue
		}
		dst = resp.AppendAggregate(dst, resp.Array, counts.Len(), 3)
		for count := range counts.All() {
			if text, err := count.Text(); err == nil {
				dst = resp.AppendBulk(dst, text)
			} else {
				dst = resp.AppendNull(dst, 3)
			}
		}
	}
	return dst
}
