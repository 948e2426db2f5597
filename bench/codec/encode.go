package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

const ok = "+OK\r\n"

// Variables, lest the compiler lay out what a program cannot know beforehand.
var (
	key         = "key:000000012345"
	payloadText = strings.Repeat("v", 64)
	payload     = []byte(payloadText)
	setCommand  = []byte("*3\r\n$3\r\nSET\r\n$16\r\n" + key + "\r\n$64\r\n" + string(payload) + "\r\n")
)

// encoder is a contender that makes the same command again and again. start returns what leaves each in out, which need hold no longer than until the next.
func encoder(name string, kind versus.Kind, start func(out *[]byte) pass) versus.Contender {
	return versus.Contender{Name: name, Kind: kind, Setup: func() (versus.Run, func(), error) {
		out := new([]byte)
		run := start(out).repeated(maxReplies)
		if err := run(3); err != nil {
			return nil, nil, err
		}
		if !bytes.Equal(*out, setCommand) {
			return nil, nil, fmt.Errorf("encodes %q", *out)
		}
		return run, nil, nil
	}}
}

func floorCopy(out *[]byte) pass {
	buf := make([]byte, len(setCommand))
	return func(m int) error {
		for range m {
			copy(buf, setCommand)
			*out = buf
		}
		return nil
	}
}

func floorAppend(out *[]byte) pass {
	var buf []byte
	return func(m int) error {
		for range m {
			buf = append(buf[:0], "*3\r\n$3\r\nSET\r\n$"...)
			buf = strconv.AppendInt(buf, int64(len(key)), 10)
			buf = append(buf, "\r\n"...)
			buf = append(buf, key...)
			buf = append(buf, "\r\n$"...)
			buf = strconv.AppendInt(buf, int64(len(payload)), 10)
			buf = append(buf, "\r\n"...)
			buf = append(buf, payload...)
			buf = append(buf, "\r\n"...)
			*out = buf
		}
		return nil
	}
}

func oursEncode(out *[]byte) pass {
	var q resp.Request
	return func(m int) error {
		for range m {
			q.Reset()
			q.Cmd("SET").Str(key).Bytes(payload)
			*out = q.Encoded()
		}
		return nil
	}
}
