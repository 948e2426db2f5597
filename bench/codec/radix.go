package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"

	"github.com/mediocregopher/radix/v4"
	"github.com/mediocregopher/radix/v4/resp"
	"github.com/mediocregopher/radix/v4/resp/resp3"

	"github.com/bwredis/bwredis/bench/memconn"
	"github.com/bwredis/bwredis/bench/versus"
)

// radix decodes into a receiver and reuses the memory that it finds there. move takes it away, so that what is kept is owned.
func move[T any](dst, received *T) {
	var none T
	*dst, *received = *received, none
}

func radixLook(dst *int, received *[]byte) { *dst = look(*received) }

func radixFlat(dst *[]byte, received *[][]byte) {
	*dst = (*dst)[:0]
	for _, b := range *received {
		*dst = append(*dst, b...)
	}
}

func radixDecode[T, R any](j *job[T], keep func(*T, *R)) []versus.Contender {
	get := []string{key}
	return []versus.Contender{
		j.peer("radix, resp3.Unmarshal only", func(own *job[T]) (pass, func(), error) { return radixUnmarshal(own, keep), nil, nil }),
		radixPipeline(j, keep, func(received *R) radix.Action { return radix.Cmd(received, "GET", get...) }),
	}
}

func radixUnmarshal[T, R any](own *job[T], keep func(*T, *R)) pass {
	br := bufio.NewReader(memconn.NewEndless(own.reply))
	opts := resp.NewOpts()
	received := new(R)
	return func(m int) error {
		for i := range m {
			if err := resp3.Unmarshal(br, received, opts); err != nil {
				return err
			}
			keep(&own.kept[i], received)
		}
		return nil
	}
}

// memoryDialer is how radix takes a function that dials.
type memoryDialer func() *memconn.Conn

func (d memoryDialer) DialContext(context.Context, string, string) (net.Conn, error) { return d(), nil }

func radixPipeline[T, R any](j *job[T], keep func(*T, *R), command func(*R) radix.Action) versus.Contender {
	return j.peer("radix"+pipelined, func(own *job[T]) (pass, func(), error) {
		ctx := context.Background()
		conn, err := radix.Dialer{NetDialer: memoryDialer(own.dial)}.Dial(ctx, "tcp", "memory:6379")
		if err != nil {
			return nil, nil, err
		}
		received := make([]R, len(own.kept))
		pipeline := radix.NewPipeline()
		return func(m int) error {
			pipeline.Reset()
			for i := range m {
				pipeline.Append(command(&received[i]))
			}
			if err := conn.Do(ctx, pipeline); err != nil {
				return err
			}
			for i := range m {
				keep(&own.kept[i], &received[i])
			}
			return nil
		}, func() { _ = conn.Close() }, nil
	})
}

func radixSet(received *string) radix.Action { return radix.Cmd(received, "SET", key, payloadText) }

// radixMarshal writes the parts as radix's own commands do, which serves it better than resp3.Marshal of a slice.
func radixMarshal(out *[]byte) pass {
	var buf bytes.Buffer
	opts := resp.NewOpts()
	return func(m int) error {
		for range m {
			buf.Reset()
			err := errors.Join(
				resp3.ArrayHeader{NumElems: 3}.MarshalRESP(&buf, opts),
				resp3.BlobString{S: "SET"}.MarshalRESP(&buf, opts),
				resp3.BlobString{S: key}.MarshalRESP(&buf, opts),
				resp3.BlobStringBytes{B: payload}.MarshalRESP(&buf, opts),
			)
			if err != nil {
				return err
			}
			*out = buf.Bytes()
		}
		return nil
	}
}
