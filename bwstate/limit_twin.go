package bwstate

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// limitsTwin is lua/limits.lua.
func limitsTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	begin := len(dst)
	dst = resp.AppendAggregate(dst, resp.Array, len(keys), 3)
	skip := false
	for i, key := range keys {
		if skip {
			dst = resp.AppendNull(dst, 3)
			continue
		}
		t := &limitCall{call: call, dst: dst}
		limits := t.check(key, argv[i])
		if t.refused != "" {
			if !strings.HasPrefix(t.refused, "WRONGTYPE") && !strings.HasPrefix(t.refused, "ERR") || len(keys) == 1 {
				return resp.AppendError(dst[:begin], t.refused)
			}
			t.dst = resp.AppendError(t.dst, t.refused)
		}
		dst = t.dst
		skip = limits && len(argv) > len(keys)
	}
	return dst
}

// A limitCall is the part of the twin that checks one limit. It appends one answer to dst, or leaves it to refused.
type limitCall struct {
	call    func(args ...string) resp.Value
	dst     []byte
	refused string
}

// check answers one check, and reports whether it limits.
func (t *limitCall) check(key, spec string) (limits bool) {
	numbers := strings.Fields(spec[1:])
	switch spec[0] {
	case pathKind:
		return t.path(key, number(numbers[0]), numbers[1], number(numbers[2]))
	case serviceKind:
		return t.service(key, number(numbers[0]), numbers[1])
	}
	s := &quotaSteps{cost: quotaTime{number(numbers[0]), number(numbers[1])}, parts: number(numbers[2]), most: quotaTime{number(numbers[3]), number(numbers[4])}}
	return t.quota(key, s, spec[0] == lookKind)
}

// do runs a command, and reports whether it was not refused.
func (t *limitCall) do(args ...string) (resp.Value, bool) {
	v := t.call(args...)
	if e, ok := v.Err().(*resp.Error); ok {
		t.refused = e.Message
		return v, false
	}
	return v, true
}

// stored returns what is stored, if anything is. ok is false when the server refuses, and when it is larger than most and so none of ours, which is the answer then.
func (t *limitCall) stored(key string, most int64) (text string, there, ok bool) {
	size, ok := t.do("STRLEN", key)
	if !ok {
		return "", false, false
	}
	if n, _ := size.Int(); n > most {
		return "", false, t.none()
	}
	v, ok := t.do("GET", key)
	if !ok || v.IsNull() {
		return "", false, ok
	}
	text, _ = v.Text()
	return text, true, true
}

// none answers that the key holds something else.
func (t *limitCall) none() bool {
	t.dst = resp.AppendBulk(t.dst, notOurs)
	return false
}

func (t *limitCall) answer(a, b, c int64) {
	t.dst = resp.AppendAggregate(t.dst, resp.Array, 3, 3)
	t.dst = resp.AppendInt(resp.AppendInt(resp.AppendInt(t.dst, a), b), c)
}

func (t *limitCall) path(key string, limit int64, window string, now int64) bool {
	text, there, ok := t.stored(key, min(24*limit+1<<20, 1<<24))
	if !ok {
		return false
	}
	var stamps []float64
	if there {
		if stamps, ok = readStamps(text); !ok {
			return t.none()
		}
	}
	delay := float64(number(window))
	kept := make([]float64, 0, len(stamps)+1)
	for _, stamp := range stamps {
		if math.IsInf(stamp, 1) {
			return t.none()
		}
		if float64(now)-stamp <= delay {
			kept = append(kept, stamp)
		}
	}
	changed := len(kept) < len(stamps)
	if int64(len(kept)) <= limit {
		kept, changed = append(kept, float64(now)), true
	}
	if changed {
		if _, ok := t.do("SET", key, string(appendStamps(nil, kept)), "EX", window); !ok {
			return false
		}
	}
	count, wait := int64(len(kept)), 0.0
	if limit > 0 {
		slices.Sort(kept)
		wait = min(math.Floor(kept[max(0, count-limit)])-float64(now)+delay+1, 1<<40)
	}
	ttl, _ := t.call("PTTL", key).Int()
	t.answer(count, int64(wait), ttl)
	return count > limit
}

func (t *limitCall) service(key string, limit int64, window string) bool {
	v, ok := t.do("INCR", key)
	if !ok {
		return false
	}
	count, _ := v.Int()
	if ttl, _ := t.call("PTTL", key).Int(); count == 1 || ttl == noExpiry {
		if _, ok := t.do("EXPIRE", key, window); !ok {
			return false
		}
	}
	t.dst = resp.AppendInt(t.dst, min(count, 1<<53))
	return count > limit
}

func (t *limitCall) quota(key string, s *quotaSteps, look bool) bool {
	text, there, ok := t.stored(key, maxQuotaValue)
	if !ok {
		return false
	}
	now := micros(t.call)
	late, changed := quotaTime{}, false
	if there {
		stored, parts, ok := quotaValue(text)
		if !ok {
			return t.none()
		}
		late.whole = stored.whole - now
		switch {
		case parts == s.parts && stored.part < s.parts:
			late.part = stored.part
		case strings.Contains(text, "+"):
			late.whole++ // parts of another size
		}
	}
	switch {
	case late.whole < 0:
		late = quotaTime{}
	case s.most.before(late):
		late, changed = s.most, !look // a clock that was set back, or a limit that has changed
	}
	with := late.plus(s.cost, s.parts)
	over := s.most.before(with)
	if !over && !look {
		late, changed = with, true
	}
	if changed {
		value := strconv.AppendInt(nil, now+late.whole, 10)
		if late.part > 0 {
			value = strconv.AppendInt(append(value, '+'), late.part, 10)
			value = strconv.AppendInt(append(value, '/'), s.parts, 10)
		}
		if _, ok := t.do("SET", key, string(value), "PX", strconv.FormatInt(max(1, (late.whole+int64(flag(late.part > 0))+999)/1000), 10)); !ok {
			return false
		}
	}
	t.answer(int64(flag(over)), late.whole, late.part)
	return over
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// micros is the clock of the embedded store.
func micros(call func(args ...string) resp.Value) int64 {
	now := call("TIME").Elems()
	seconds, _ := now[0].Int()
	rest, _ := now[1].Int()
	return seconds*1_000_000 + rest
}

// limitCountTwin is lua/limitcount.lua.
func limitCountTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	count := call("INCRBY", keys[0], argv[0])
	if count.Err() != nil {
		return appendValue(dst, count)
	}
	if ttl, _ := call("PTTL", keys[0]).Int(); ttl == noExpiry {
		if expired := call("PEXPIRE", keys[0], argv[1]); expired.Err() != nil {
			return appendValue(dst, expired)
		}
	}
	return appendValue(dst, count)
}
