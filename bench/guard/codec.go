package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

const (
	elements = 100
	pairs    = 50
	bareScan = "bare scan and copy"
)

// Variables, lest the compiler lay out what a program cannot know beforehand.
var (
	key     = "key:000000012345"
	payload = []byte(strings.Repeat("v", 64))
)

func codecOperations() []operation {
	array, list := arrayFrame()
	pairsFrame, m := mapFrame()
	return []operation{
		encodeSet(),
		decoding("int", "decode an integer", ":123\r\n", 123, (*resp.Reply).Int, bareInt),
		decoding("bulk-owned", "decode a bulk string of 64 bytes to string", bulkFrame(string(payload)), string(payload), (*resp.Reply).Text, bareText),
		decoding("bulk-borrowed", "decode a bulk string of 64 bytes, borrowed", bulkFrame(string(payload)), int(payload[0]), look, bareLook),
		decoding("array", "decode an array of 100 to []string", array, list, texts, bareTexts),
		decoding("map", "decode a map of 50 pairs to map[string]string", pairsFrame, m, pairsOf, barePairs),
	}
}

var errSize = errors.New("the frame has another size")

// decoding finds the end of a frame as connections do, and reads it. bare returns the size of what it read.
func decoding[T any](name, title, frame string, want T, read func(*resp.Reply) T, bare func([]byte) (T, int)) operation {
	var s resp.Scanner
	var r resp.Reply
	buf := []byte(frame)
	return operation{name: "codec/decode-" + name, title: title, floor: bareScan, ours: looped(want, func() (v T, err error) {
		n, err := s.Scan(buf)
		if err != nil {
			return v, err
		}
		r.Reset(buf[:n:n])
		v = read(&r)
		return v, r.Err()
	}), bare: looped(want, func() (T, error) {
		v, n := bare(buf)
		if n != len(buf) {
			return v, errSize
		}
		return v, nil
	})}
}

func encodeSet() operation {
	var q resp.Request
	var buf []byte
	want := fmt.Appendf(nil, "*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(key), key, len(payload), payload)
	return operation{name: "codec/encode-set", title: "encode SET with 64 bytes", floor: "append to one buffer", ours: looped(want, func() ([]byte, error) {
		q.Reset()
		q.Cmd("SET").Str(key).Bytes(payload)
		return q.Encoded(), nil
	}), bare: looped(want, func() ([]byte, error) {
		buf = append(buf[:0], "*3\r\n$3\r\nSET\r\n$"...)
		buf = append(strconv.AppendInt(buf, int64(len(key)), 10), "\r\n"...)
		buf = append(append(buf, key...), "\r\n$"...)
		buf = append(strconv.AppendInt(buf, int64(len(payload)), 10), "\r\n"...)
		buf = append(append(buf, payload...), "\r\n"...)
		return buf, nil
	})}
}

func look(r *resp.Reply) int { return int(r.Bytes()[0]) }

func texts(r *resp.Reply) []string {
	list := make([]string, r.Array())
	for i := range list {
		list[i] = r.Text()
	}
	return list
}

func pairsOf(r *resp.Reply) map[string]string {
	count := r.Pairs()
	m := make(map[string]string, count)
	for range count {
		name := r.Text()
		m[name] = r.Text()
	}
	return m
}

func bulkFrame(s string) string { return string(resp.AppendBulk(nil, s)) }

func arrayFrame() (frame string, want []string) {
	b := resp.AppendAggregate(nil, resp.Array, elements, 3)
	for i := range elements {
		want = append(want, fmt.Sprintf("item-%03d", i))
		b = resp.AppendBulk(b, want[i])
	}
	return string(b), want
}

func mapFrame() (frame string, want map[string]string) {
	b := resp.AppendAggregate(nil, resp.Map, pairs, 3)
	want = map[string]string{}
	for i := range pairs {
		name, value := fmt.Sprintf("item-%03d", i), fmt.Sprintf("value-%02d", i)
		want[name] = value
		b = resp.AppendBulk(resp.AppendBulk(b, name), value)
	}
	return string(b), want
}

// line returns the number in the first line, and where the next one begins. Like all that is bare it trusts the bytes.
func line(b []byte) (number, next int) {
	end := bytes.IndexByte(b, '\n')
	for _, c := range b[1 : end-1] {
		number = number*10 + int(c-'0')
	}
	return number, end + 1
}

func bareInt(b []byte) (int64, int) {
	n, size := line(b)
	return int64(n), size
}

func bareText(b []byte) (string, int) {
	n, from := line(b)
	return string(b[from : from+n]), from + n + 2
}

func bareLook(b []byte) (int, int) {
	n, from := line(b)
	return int(b[from : from+n][0]), from + n + 2
}

func bareTexts(b []byte) ([]string, int) {
	count, pos := line(b)
	list := make([]string, count)
	for i := range list {
		s, n := bareText(b[pos:])
		list[i] = s
		pos += n
	}
	return list, pos
}

func barePairs(b []byte) (map[string]string, int) {
	count, pos := line(b)
	m := make(map[string]string, count)
	for range count {
		name, n := bareText(b[pos:])
		value, size := bareText(b[pos+n:])
		m[name] = value
		pos += n + size
	}
	return m, pos
}
