package main

import (
	"bufio"
	"bytes"
	"errors"

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

func radixUnmarshal[T, R any](j *job[T], keep func(*T, *R)) versus.Contender {
	return j.peer("radix, resp3.Unmarshal only", func(own *job[T]) (pass, func(), error) {
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
		}, nil, nil
	})
}

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
