package bwstate

import (
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// pushReportsTwin is lua/reports_push.lua.
func pushReportsTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &reportsTwin{call: call, keys: keys}
	limit, most, elements := number(argv[0]), number(argv[1]), argv[4:]
	if problem := t.wrong(); problem.Err() != nil {
		return appendValue(dst, problem)
	}
	fresh := int64(len(elements))
	var first resp.Value
	if fresh == 0 || limit == 0 {
		first = call("PERSIST", keys[twinMarker])
	} else if first = call("SET", keys[twinBatch], "1", "NX", "PX", argv[2]); first.IsNull() {
		fresh, elements = 0, nil
	}
	if first.Err() != nil {
		return appendValue(dst, first)
	}
	if limit == 0 {
		t.do("UNLINK", keys[0], keys[twinState])
		t.clear(twinLive)
		t.clear(twinShadow)
		t.do("SET", keys[twinMarker], "1")
		return t.reply(dst, "", fresh, 0, 0, 0)
	}

	s := t.going()
	if marker, _ := t.do("GET", keys[twinMarker]).Text(); s == nil && marker != "1" {
		s = t.begin(argv[3])
	}
	var counts facetCounts
	if fresh > 0 {
		if pushed := call(append([]string{"RPUSH", keys[0]}, elements...)...); pushed.Err() != nil {
			t.do("UNLINK", keys[twinBatch])
			return appendValue(dst, pushed)
		}
		for _, element := range elements {
			counts.tally(element, 1)
		}
		if s != nil {
			t.book(twinShadow, &counts)
		}
	}

	length := t.length()
	surplus := int64(0)
	if limit > 0 {
		surplus = max(0, length-limit)
	}
	trimmed := min(surplus, most)
	if trimmed > 0 {
		trimmed = t.trim(s, trimmed, &counts)
	}

	if !t.book(twinLive, &counts) && s == nil {
		s = t.begin(argv[3])
	}
	left, id := int64(0), ""
	if s != nil {
		id, left = s.id, t.step(s, most)
		if left > 0 {
			t.save(s)
		}
	}
	if id != argv[3] {
		left = 0 // somebody else goes on with it
	}
	return t.reply(dst, id, fresh, length-trimmed, surplus-trimmed, left)
}

// trim takes so many of the oldest elements, or fewer when they are heavy, out of the list, and of the counts.
func (t *reportsTwin) trim(s *recountState, n int64, counts *facetCounts) int64 {
	var counted facetCounts
	n = t.each(0, n, 1, func(element string, place int64) {
		counts.tally(element, -1)
		if s != nil && place >= s.uncounted {
			counted.tally(element, -1)
		}
	})
	t.do("LTRIM", t.keys[0], strconv.FormatInt(n, 10), "-1")
	if s != nil {
		t.book(twinShadow, &counted)
		s.uncounted = max(0, s.uncounted-n)
	}
	return n
}

// recountReportsTwin is lua/reports_recount.lua.
func recountReportsTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &reportsTwin{call: call, keys: keys}
	if problem := t.wrong(); problem.Err() != nil {
		return appendValue(dst, problem)
	}
	id, err := call("HGET", keys[twinState], "id").Text()
	if err != nil {
		if done, err := call("GET", keys[twinDone]).Text(); err == nil && done == argv[0] {
			return t.reply(dst, argv[0], 0)
		}
		id = argv[0]
	}
	if first := call("HSET", keys[twinState], "id", id); first.Err() != nil {
		return appendValue(dst, first)
	}
	s := t.going()
	left := t.step(s, number(argv[1]))
	if left > 0 {
		t.save(s)
	}
	return t.reply(dst, s.id, left)
}
