package resp_test

import (
	"fmt"

	"github.com/bwredis/bwredis/resp"
)

func ExampleRequest() {
	var q resp.Request
	q.Cmd("SET").Str("greeting").Bytes([]byte("hello")).Str("EX").Int(60)
	q.Cmd("TTL").Str("greeting")
	fmt.Println(q.Len(), "replies are owed for")
	fmt.Printf("%q\n", q.Encoded())
	// Output:
	// 2 replies are owed for
	// "*5\r\n$3\r\nSET\r\n$8\r\ngreeting\r\n$5\r\nhello\r\n$2\r\nEX\r\n$2\r\n60\r\n*2\r\n$3\r\nTTL\r\n$8\r\ngreeting\r\n"
}

func ExampleScanner() {
	var received []byte
	var s resp.Scanner
	var r resp.Reply
	for _, arriving := range []string{"+OK\r", "\n*2\r\n:1", "\r\n$3\r\nt", "wo\r\n"} {
		received = append(received, arriving...)
		for {
			n, err := s.Scan(received)
			if err != nil {
				fmt.Println("the connection is of no further use:", err)
				return
			}
			if n == 0 {
				break
			}
			r.Reset(received[:n:n])
			fmt.Println(r.Value())
			received = received[n:]
		}
	}
	// Output:
	// OK
	// [1, "two"]
}

func ExampleReply() {
	var r resp.Reply
	r.Reset([]byte("*3\r\n$5\r\nalice\r\n:30\r\n$3\r\n1.5\r\n"))
	r.Array()
	name, age, score := r.Text(), r.Int(), r.Float()
	if err := r.Err(); err != nil { // of any of the steps
		fmt.Println(err)
		return
	}
	fmt.Println(name, age, score)

	r.Reset([]byte("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"))
	r.Int()
	fmt.Println(resp.IsCode(r.Err(), "WRONGTYPE"))
	// Output:
	// alice 30 1.5
	// true
}

// A map of RESP3 and the array that RESP2 answers instead are read alike.
func ExampleReply_Pairs() {
	for _, frame := range []string{
		"%2\r\n+role\r\n+master\r\n+proto\r\n:3\r\n",
		"*4\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$5\r\nproto\r\n:2\r\n",
	} {
		var r resp.Reply
		r.Reset([]byte(frame))
		var role string
		var proto int64
		for n := r.Pairs(); n > 0; n-- {
			switch r.Text() {
			case "role":
				role = r.Text()
			case "proto":
				proto = r.Int()
			default:
				r.Skip()
			}
		}
		fmt.Println(role, proto, r.Err())
	}
	// Output:
	// master 3 <nil>
	// master 2 <nil>
}

func ExampleValue() {
	var r resp.Reply
	r.Reset([]byte("%2\r\n$4\r\nname\r\n$5\r\nalice\r\n$4\r\ntags\r\n~2\r\n+a\r\n+b\r\n"))
	v := r.Value()
	fmt.Println(v)
	for key, val := range v.Pairs() {
		name, err := key.Text()
		fmt.Println(name, val.Kind(), len(val.Elems()), err)
	}
	_, err := v.Int()
	fmt.Println(err)
	// Output:
	// {"name": "alice", "tags": {a, b}}
	// name bulk string 0 <nil>
	// tags set 2 <nil>
	// resp: reply is a map, want an integer
}
