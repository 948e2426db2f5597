package resp_test

import (
	"errors"
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

// A length is not believed, and nothing is allocated for it.
func ExampleSyntaxError() {
	for _, hostile := range []string{"$2000000000\r\n", "*1\r\n$-2\r\n", "HTTP/1.1 400 Bad Request\r\n"} {
		_, err := new(resp.Scanner).Scan([]byte(hostile))
		var syntax *resp.SyntaxError
		if errors.As(err, &syntax) {
			fmt.Println(syntax)
		}
	}
	// Output:
	// resp: reply over the limit of 67108864 bytes at byte 0 of the reply: "$2000000000"
	// resp: invalid length of a bulk string at byte 4 of the reply: "$-2"
	// resp: unknown type byte "H" at byte 0 of the reply: "H.../1.1 400 ..."…
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

// ZRANGE WITHSCORES answers members and scores in turn in RESP2, and arrays of two in RESP3.
func ExampleReply_Pair() {
	for _, frame := range []string{
		"*4\r\n$5\r\nalice\r\n$3\r\n1.5\r\n$3\r\nbob\r\n$1\r\n2\r\n",
		"*2\r\n*2\r\n$5\r\nalice\r\n,1.5\r\n*2\r\n$3\r\nbob\r\n,2\r\n",
	} {
		var r resp.Reply
		r.Reset([]byte(frame))
		for n := r.Pairs(); n > 0; n-- {
			r.Pair()
			fmt.Print(r.Text(), " ", r.Float(), " ")
		}
		fmt.Println(r.Err())
	}
	// Output:
	// alice 1.5 bob 2 <nil>
	// alice 1.5 bob 2 <nil>
}

// Attributes are skipped by whoever does not ask for them.
func ExampleReply_Attributes() {
	var r resp.Reply
	frame := []byte("|1\r\n+ttl\r\n:3600\r\n$5\r\nhello\r\n")
	r.Reset(frame)
	fmt.Println(r.Text(), r.Err())

	r.Reset(frame)
	for n := r.Attributes(); n > 0; n-- {
		fmt.Println(r.Text(), r.Int())
	}
	fmt.Println(r.Text(), r.Err())
	// Output:
	// hello <nil>
	// ttl 3600
	// hello <nil>
}

func ExampleValue() {
	var r resp.Reply
	r.Reset([]byte("%2\r\n$4\r\nname\r\n$5\r\nalice\r\n$4\r\ntags\r\n~2\r\n+a\r\n+b\r\n"))
	v := r.Value()
	fmt.Println(v)
	for key, val := range v.Pairs() {
		name, err := key.Text()
		fmt.Println(name, val.Kind(), val.Len(), err)
	}
	_, err := v.Int()
	fmt.Println(err)
	// Output:
	// {"name": "alice", "tags": {a, b}}
	// name bulk string 0 <nil>
	// tags set 2 <nil>
	// resp: reply is a map, want an integer
}

// A server that answers in the protocol of its client reads requests with the same Scanner and Reply.
func Example_server() {
	answer := func(request []byte, protocol int) []byte {
		n, err := new(resp.Scanner).Scan(request)
		if err != nil || n == 0 {
			return resp.AppendError(nil, "ERR Protocol error")
		}
		var r resp.Reply
		r.Reset(request[:n:n])
		args := r.Args(nil)
		if r.Err() != nil || len(args) != 2 || string(args[0]) != "HGETALL" {
			return resp.AppendError(nil, "ERR unknown command")
		}
		b := resp.AppendAggregate(nil, resp.Map, 1, protocol)
		b = resp.AppendBulk(b, "score")
		return resp.AppendDouble(b, 1.5, protocol)
	}
	var q resp.Request
	q.Cmd("HGETALL").Str("alice")
	fmt.Printf("%q\n%q\n", answer(q.Encoded(), 2), answer(q.Encoded(), 3))
	// Output:
	// "*2\r\n$5\r\nscore\r\n$3\r\n1.5\r\n"
	// "%1\r\n$5\r\nscore\r\n,1.5\r\n"
}
