package main

import (
	"fmt"
	"slices"
	"strings"

	redigo "github.com/gomodule/redigo/redis"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// Names of contenders.
const (
	bareScan  = "bytes.IndexByte over the buffer"
	copyOut   = "scan + parse + copy out"
	lookedAt  = "scan + parse, looked at"
	reused    = "scan + parse + copy into reused memory"
	oneLook   = "parse + copy out without a scan"
	appended  = "append to one buffer"
	ours      = "bwredis"
	pipelined = ", pipeline over memory conn"
)

const (
	elements = 100
	pairs    = 50
	mebibyte = 1 << 20
	lastByte = '.' // of the large value, and nowhere else in it
)

func workloads() []versus.Workload {
	hello := newJob("$5\r\nhello\r\n", "hello")
	large := newJob(bulk(largeValue()), []byte(largeValue()))
	return []versus.Workload{
		decodeInt(),
		decodeText(hello),
		decodeBorrowed("dec-bulk5-borrowed", "decode bulk strings `$5 hello`, borrowed and touched", copyOut, string(hello.reply),
			hello.loop(copyOut, versus.Floor, floorTexts)),
		decodeArray(),
		decodeArrayReused(),
		decodeMap(),
		decodeLarge(large),
		decodeBorrowed("dec-bulk1M-borrowed", "decode 1 MiB bulk strings, borrowed and read to the end", bareScan, string(large.reply),
			large.loop(copyOut, versus.Floor, floorCopies)),
		encodeSet(),
	}
}

// decoding is a workload of which all is said but who takes part.
func decoding[T any](name, title, reference string, j *job[T], contenders ...[]versus.Contender) versus.Workload {
	return versus.Workload{
		Name: name, Title: title, Unit: "replies", Bytes: len(j.reply), Reference: reference,
		Contenders: append([]versus.Contender{j.memoryScan()}, slices.Concat(contenders...)...),
	}
}

func decodeInt() versus.Workload {
	j := newJob(":123\r\n", int64(123))
	return decoding("dec-int", "decode integers `:123`, kept as int64", copyOut, j,
		[]versus.Contender{
			j.loop(oneLook, versus.Floor, floorIntsUnscanned),
			j.loop(copyOut, versus.Floor, floorInts),
			j.loop(ours, versus.Ours, oursInts),
		},
		pipelines(j, keepNumber, fixed(clients.Incr(key))),
		[]versus.Contender{
			radixUnmarshal(j, move[int64]),
			redigoReceive(j, received(redigo.Int64)),
		},
	)
}

func decodeText(j *job[string]) versus.Workload {
	return decoding("dec-bulk5", "decode bulk strings `$5 hello` to string", copyOut, j,
		[]versus.Contender{
			j.loop(copyOut, versus.Floor, floorTexts),
			j.loop(ours, versus.Ours, oursTexts),
		},
		pipelines(j, keepText, get(clients.Text)),
		[]versus.Contender{
			radixUnmarshal(j, move[string]),
			redigoReceive(j, received(redigo.String)),
		},
	)
}

// decodeLarge makes []byte: some clients copy twice for a string.
func decodeLarge(j *job[[]byte]) versus.Workload {
	return decoding("dec-bulk1M", "decode 1 MiB bulk strings to []byte", copyOut, j,
		[]versus.Contender{
			j.loop(copyOut, versus.Floor, floorCopies),
			j.loop(ours, versus.Ours, oursCopies),
		},
		pipelines(j, keepBytes, get(clients.Owned)),
		[]versus.Contender{
			radixUnmarshal(j, move[[]byte]),
			redigoReceive(j, received(redigo.Bytes)),
		},
	)
}

// decodeBorrowed reads into the same memory again and again with the clients that can. It takes the floor of owned copies along, for that is what a borrowing codec is up against.
func decodeBorrowed(name, title, reference, reply string, owned versus.Contender) versus.Workload {
	_, value, _ := strings.Cut(reply, "\n")
	value = strings.TrimSuffix(value, "\r\n")
	j := newJob(reply, lookText(value))
	into := get(clients.Into)
	into.Room = len(value)
	return decoding(name, title, reference, j,
		[]versus.Contender{
			owned,
			j.loop(lookedAt, versus.Floor, floorLooks),
			j.loop(ours, versus.Ours, oursLooks),
		},
		pipelines(j, keepLook, into, get(clients.Text)),
		[]versus.Contender{
			radixUnmarshal(j, radixLook),
			redigoReceive(j, redigoLook),
		},
	)
}

func decodeArray() versus.Workload {
	j := newJob(array(), listOf(elements))
	return decoding("dec-arr100", "decode arrays of 100 bulk strings of 8 bytes to []string", copyOut, j,
		[]versus.Contender{
			j.loop(copyOut, versus.Floor, floorLists),
			j.loop(ours, versus.Ours, oursLists),
		},
		pipelines(j, keepList, fixed(clients.LRange(key))),
		[]versus.Contender{
			radixUnmarshal(j, move[[]string]),
			redigoReceive(j, received(redigo.Strings)),
		},
	)
}

func decodeArrayReused() versus.Workload {
	j := newJob(array(), []byte(strings.Join(listOf(elements), "")))
	return decoding("dec-arr100-reused", "decode arrays of 100 bulk strings of 8 bytes into one reused []byte", reused, j,
		[]versus.Contender{
			j.loop(reused, versus.Floor, floorFlat),
			j.loop(ours, versus.Ours, oursFlat),
		},
		pipelines(j, keepFlat, fixed(clients.LRange(key))),
		[]versus.Contender{
			radixUnmarshal(j, radixFlat),
			redigoReceive(j, redigoFlat),
		},
	)
}

func decodeMap() versus.Workload {
	reply, want := mapOfPairs()
	j, resp2 := newJob(reply, want), newJob(asArray(reply), want)
	j.resp2 = resp2.reply
	return decoding("dec-map50", "decode RESP3 maps of 50 pairs to map[string]string (redigo, and radix as a client: the same pairs as a RESP2 array)", copyOut, j,
		[]versus.Contender{
			j.loop(copyOut, versus.Floor, floorMaps),
			j.loop(ours, versus.Ours, oursMaps),
		},
		pipelines(j, keepPairs, fixed(clients.HGetAll(key))),
		[]versus.Contender{
			radixUnmarshal(j, move[map[string]string]),
			redigoReceive(resp2, received(redigo.StringMap)), // it does not know RESP3
		},
	)
}

func encodeSet() versus.Workload {
	j := newJob(ok, "OK")
	j.command = setCommand
	return versus.Workload{
		Name: "enc-set", Title: "encode SET with a 64-byte value", Unit: "commands", Bytes: len(setCommand), Reference: appended,
		Contenders: slices.Concat(
			[]versus.Contender{
				encoder("memcpy of the encoded bytes", versus.Floor, floorCopy),
				encoder(appended, versus.Floor, floorAppend),
				encoder(ours, versus.Ours, oursEncode),
			},
			pipelines(j, keepText, clients.Set(key, payloadText)),
			[]versus.Contender{
				encoder("radix, MarshalRESP only", versus.Peer, radixMarshal),
				{Name: "redigo, Send only", Kind: versus.Peer, Setup: redigoSend},
			},
		),
	}
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

// listOf returns n strings of 8 bytes.
func listOf(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("item-%03d", i)
	}
	return list
}

func array() string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", elements)
	for _, s := range listOf(elements) {
		b.WriteString(bulk(s))
	}
	return b.String()
}

func mapOfPairs() (reply string, want map[string]string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%%%d\r\n", pairs)
	want = map[string]string{}
	for i, s := range listOf(pairs) {
		value := fmt.Sprintf("value-%02d", i)
		want[s] = value
		b.WriteString(bulk(s) + bulk(value))
	}
	return b.String(), want
}

// asArray is how RESP2 writes the same pairs.
func asArray(reply string) string {
	_, body, _ := strings.Cut(reply, "\n")
	return fmt.Sprintf("*%d\r\n%s", 2*pairs, body)
}

func largeValue() string { return strings.Repeat("x", mebibyte-1) + string(lastByte) }
