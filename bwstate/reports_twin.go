package bwstate

import (
	"crypto/sha1"
	"encoding/hex"
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// A reportsTwin is a twin of one of lua/reports*.lua at work. Its methods are the functions of lua/reports.lua.
//
// On a server a script that finds memory short writes nothing at all; in the embedded store its writes are refused one by one. Then what was counted is worth nothing: the
// marker goes, and with it the facets count for nobody until they have been counted anew.
type reportsTwin struct {
	call   func(args ...string) resp.Value
	keys   []string
	failed resp.Value // the first error behind the first write
}

const (
	twinMarker = 1
	twinLive   = 1 // the key before the first facet
	twinState  = 10
	twinShadow = 10 // the key before the first facet of the recount
	twinDone   = 19
	twinBatch  = 20

	recountAway = "60000"
	recountFar  = 1000
	stepHeavy   = 1 << 20
	stepGroup   = 20
)

// recountState is a recount that is under way.
type recountState struct {
	id, last          string
	uncounted, length int64
}

// facetCounts are counts by the value, for each field.
type facetCounts [len(reportFields)]map[string]int64

// do runs a command that a script runs by redis.call.
func (t *reportsTwin) do(args ...string) resp.Value {
	v := t.call(args...)
	if v.Err() != nil && t.failed.Err() == nil {
		t.failed = v
	}
	return v
}

func (t *reportsTwin) int(args ...string) int64 {
	n, _ := t.do(args...).Int()
	return n
}

// elements returns a part of the list.
func (t *reportsTwin) elements(from, to int64) (elements []string) {
	for e := range t.do("LRANGE", t.keys[0], strconv.FormatInt(from, 10), strconv.FormatInt(to, 10)).All() {
		text, _ := e.Text()
		elements = append(elements, text)
	}
	return elements
}

func (t *reportsTwin) each(place, n, by int64, visit func(element string, place int64)) int64 {
	done, bytes := int64(0), 0
	for done < n && bytes < stepHeavy {
		size := min(stepGroup, n-done)
		from := place + done
		if by < 0 {
			from = place - done - size + 1
		}
		for i, element := range t.elements(from, from+size-1) {
			visit(element, from+int64(i))
			bytes += len(element)
		}
		done += size
	}
	return done
}

// at returns the element at a place, counted from the end when it is negative.
func (t *reportsTwin) at(place int64) string {
	text, _ := t.do("LINDEX", t.keys[0], strconv.FormatInt(place, 10)).Text()
	return text
}

func (t *reportsTwin) shadows() int64 {
	return t.int(append([]string{"EXISTS"}, t.keys[twinShadow+1:twinShadow+1+len(reportFields)]...)...)
}

func (t *reportsTwin) wrong() (problem resp.Value) {
	check := func(command string, key int) {
		if v := t.call(command, t.keys[key]); v.Err() != nil && problem.Err() == nil {
			problem = v
		}
	}
	check("LLEN", 0)
	check("GET", twinMarker)
	check("GET", twinDone)
	check("HLEN", twinState)
	for i := 1; i <= len(reportFields); i++ {
		check("HLEN", twinLive+i)
		check("HLEN", twinShadow+i)
	}
	return problem
}

func (c *facetCounts) tally(element string, by int64) {
	texts, ok := facetsOf([]byte(element))
	if !ok {
		return
	}
	for i, text := range texts {
		if c[i] == nil {
			c[i] = make(map[string]int64)
		}
		c[i][text] += by
	}
}

func (t *reportsTwin) book(first int, counts *facetCounts) (sound bool) {
	sound = true
	for i := range counts {
		key := t.keys[first+1+i]
		for text, by := range counts[i] {
			if by == 0 {
				continue
			}
			v := t.call("HINCRBY", key, text, strconv.FormatInt(by, 10))
			n, err := v.Int()
			switch {
			case err == nil:
			case resp.IsCode(v.Err(), "OOM"):
				t.do("HINCRBY", key, text, strconv.FormatInt(by, 10)) // notes it
				continue
			default:
				sound, n = false, 1
				t.do("HDEL", key, text)
				if by > 0 {
					n = t.int("HINCRBY", key, text, strconv.FormatInt(by, 10))
				}
			}
			if by < 0 && n <= 0 {
				t.do("HDEL", key, text)
			}
		}
	}
	return sound
}

func (t *reportsTwin) clear(first int) {
	for i := range reportFields {
		t.do("UNLINK", t.keys[first+1+i])
	}
}

func (t *reportsTwin) length() int64 { return t.int("LLEN", t.keys[0]) }

func (t *reportsTwin) last() string {
	text, err := t.do("LINDEX", t.keys[0], "-1").Text()
	if err != nil {
		return ""
	}
	return sha1Hex(text)
}

func sha1Hex(text string) string {
	sum := sha1.Sum([]byte(text)) // as scripts have it; nothing secret
	return hex.EncodeToString(sum[:])
}

func (t *reportsTwin) begin(id string) *recountState {
	t.clear(twinShadow)
	length := t.length()
	return &recountState{id: id, uncounted: length, length: length, last: t.last()}
}

func (t *reportsTwin) pushed(s *recountState, length int64) (back int64, found bool) {
	least := max(0, length-s.length)
	if least > recountFar {
		return 0, false
	}
	for back := least; back <= min(recountFar, length-1); back++ {
		if sha1Hex(t.at(-1-back)) == s.last {
			return back, true
		}
	}
	return 0, false
}

func (t *reportsTwin) going() *recountState {
	saved := t.do("HMGET", t.keys[twinState], "id", "uncounted", "length", "last", "facets").Elems()
	if len(saved) != 5 || saved[0].IsNull() {
		return nil
	}
	s := new(recountState)
	s.id, _ = saved[0].Text()
	var err [4]error
	var facets int64
	s.uncounted, err[0] = saved[1].Int()
	s.length, err[1] = saved[2].Int()
	s.last, err[2] = saved[3].Text()
	facets, err[3] = saved[4].Int()
	if err != [4]error{} || facets != t.shadows() {
		return t.begin(s.id)
	}
	length := t.length()
	back, found := t.pushed(s, length)
	if !found {
		return t.begin(s.id)
	}
	if s.uncounted -= s.length + back - length; s.uncounted < 0 || s.uncounted > length {
		return t.begin(s.id)
	}
	if back > 0 {
		var counts facetCounts
		for place := length - back; place < length; place++ {
			counts.tally(t.at(place), 1)
		}
		t.book(twinShadow, &counts)
	}
	return s
}

func (t *reportsTwin) step(s *recountState, most int64) (left int64) {
	if n := min(most, s.uncounted); n > 0 {
		var counts facetCounts
		s.uncounted -= t.each(s.uncounted-1, n, -1, func(element string, _ int64) { counts.tally(element, 1) })
		t.book(twinShadow, &counts)
	}
	if s.uncounted > 0 || t.failed.Err() != nil {
		return s.uncounted
	}
	for i := range reportFields {
		live, shadow := t.keys[twinLive+1+i], t.keys[twinShadow+1+i]
		t.do("UNLINK", live)
		if t.int("EXISTS", shadow) == 1 {
			t.do("RENAME", shadow, live)
			t.do("PERSIST", live)
		}
	}
	t.do("SET", t.keys[twinMarker], "1")
	t.do("SET", t.keys[twinDone], s.id, "PX", recountAway)
	t.do("UNLINK", t.keys[twinState])
	return 0
}

func (t *reportsTwin) save(s *recountState) {
	t.do("HSET", t.keys[twinState], "id", s.id, "uncounted", strconv.FormatInt(s.uncounted, 10), "length", strconv.FormatInt(t.length(), 10), "last", t.last(),
		"facets", strconv.FormatInt(t.shadows(), 10))
	t.do("PEXPIRE", t.keys[twinState], recountAway)
	for i := range reportFields {
		t.do("PEXPIRE", t.keys[twinShadow+1+i], recountAway)
	}
}

// reply ends a script: with the error that came in the middle of it, if any.
func (t *reportsTwin) reply(dst []byte, id string, numbers ...int64) []byte {
	if e, ok := t.failed.Err().(*resp.Error); ok {
		t.call("UNLINK", t.keys[twinMarker], t.keys[twinState])
		return resp.AppendError(dst, e.Message)
	}
	dst = resp.AppendAggregate(dst, resp.Array, len(numbers)+1, 3)
	for _, n := range numbers {
		dst = resp.AppendInt(dst, n)
	}
	return resp.AppendBulk(dst, id)
}
