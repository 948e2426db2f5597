package main

import (
	"bytes"
	"fmt"

	"github.com/gomodule/redigo/redis"

	"github.com/bwredis/bwredis/bench/memconn"
	"github.com/bwredis/bwredis/bench/versus"
)

// received makes one of redigo's converters keep what it returns.
func received[T any](convert func(any, error) (T, error)) func(*T, any, error) error {
	return func(dst *T, reply any, err error) error {
		*dst, err = convert(reply, err)
		return err
	}
}

func redigoLook(dst *int, reply any, err error) error {
	b, err := redis.Bytes(reply, err)
	*dst = look(b)
	return err
}

func redigoFlat(dst *[]byte, reply any, err error) error {
	list, err := redis.ByteSlices(reply, err)
	*dst = (*dst)[:0]
	for _, b := range list {
		*dst = append(*dst, b...)
	}
	return err
}

func redigoReceive[T any](j *job[T], keep func(*T, any, error) error) versus.Contender {
	return j.peer("redigo, Receive only", func(own *job[T]) (pass, func(), error) {
		conn := redis.NewConn(memconn.NewEndless(own.reply), 0, 0)
		return func(m int) error {
			for i := range m {
				reply, err := conn.Receive()
				if err := keep(&own.kept[i], reply, err); err != nil {
					return err
				}
			}
			return nil
		}, nil, nil
	})
}

func redigoSet(conn redis.Conn) error { return conn.Send("SET", key, payload) }

// redigoSend throws away what is sent, but for one command that is looked at first.
func redigoSend() (versus.Run, func(), error) {
	server := memconn.New([]byte(ok))
	if _, err := redis.NewConn(server, 0, 0).Do("SET", key, payload); err != nil {
		return nil, nil, err
	}
	if got := server.LastCommand(); !bytes.Equal(got, setCommand) {
		return nil, nil, fmt.Errorf("sends %q", got)
	}
	conn := redis.NewConn(memconn.NewEndless([]byte(ok)), 0, 0)
	return func(n int) error {
		for range n {
			if err := redigoSet(conn); err != nil {
				return err
			}
		}
		return nil
	}, nil, nil
}
