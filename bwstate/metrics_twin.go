package bwstate

import (
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// addMetricTwin is lua/metric_add.lua.
func addMetricTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	t := &twinCall{call, dst}
	old := call("GET", keys[0])
	if old.Err() != nil {
		return appendValue(dst, old)
	}
	total := 0.0
	if !old.IsNull() {
		text, _ := old.Text()
		var ok bool
		if total, ok = parseLuaNumber(text); !ok {
			return t.text(foreignText)
		}
	}
	n, _ := strconv.ParseFloat(argv[0], 64)
	total += n
	if total-total != 0 { // not a number, or infinite
		return t.text(overflowed)
	}
	set := []string{"SET", keys[0], exactNumber(total)}
	if argv[1] != "0" {
		set = append(set, "PX", argv[1])
	}
	if reply := call(set...); reply.Err() != nil {
		return appendValue(dst, reply)
	}
	return t.text(set[2])
}

// metricTableTwin is lua/metric_table.lua.
func metricTableTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	elements := argv[2:]
	changes := [][]string{{"LLEN", keys[0]}, {"LTRIM", keys[0], "-" + argv[0], "-1"}, {"PEXPIRE", keys[0], argv[1]}}
	if len(elements) > 0 {
		changes[0] = append([]string{"RPUSH", keys[0]}, elements...)
	}
	if argv[0] == "0" {
		changes[1] = []string{"UNLINK", keys[0]}
	}
	if argv[1] == "0" {
		changes[2] = []string{"PERSIST", keys[0]}
	}
	for _, change := range changes {
		if reply := call(change...); reply.Err() != nil {
			return appendValue(dst, reply)
		}
	}
	return appendValue(dst, call("LLEN", keys[0]))
}

// readMetricTwin is lua/metric_read.lua.
func readMetricTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	begin := dst
	dst = resp.AppendAggregate(dst, resp.Array, len(keys), 3)
	for i, key := range keys {
		var found resp.Value
		if argv[0][i] == 'c' {
			found = call("GETRANGE", key, "0", argv[1])
		} else {
			found = call("LLEN", key)
		}
		text, _ := found.Text()
		there, _ := found.Int()
		switch {
		case isWrongType(found):
			dst = resp.AppendInt(dst, 0)
		case found.Err() != nil:
			return appendValue(begin, found)
		case argv[0][i] == 't' && there > 0:
			dst = appendTable(call, key, there, argv, dst)
		case argv[0][i] == 't' || text == "" && call("GET", key).IsNull():
			dst = resp.AppendNull(dst, 3)
		default:
			dst = resp.AppendBulk(dst, text)
		}
	}
	return dst
}

// appendTable appends how many elements a table has, and the newest of them, the last first.
func appendTable(call func(args ...string) resp.Value, key string, there int64, argv []string, dst []byte) []byte {
	elements := call("LRANGE", key, strconv.FormatInt(-min(there, number(argv[3])), 10), "-1").Elems()
	var newest []string
	room := number(argv[2])
	for i := len(elements) - 1; i >= 0; i-- {
		text, _ := elements[i].Text()
		if room -= int64(len(text)) + 16; room < 0 {
			break
		}
		newest = append(newest, text)
	}
	dst = resp.AppendInt(resp.AppendAggregate(dst, resp.Array, 1+len(newest), 3), there)
	for _, text := range newest {
		dst = resp.AppendBulk(dst, text)
	}
	return dst
}
