package main

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// pipelines is a contender for each library: the client that package clients makes of it, with one connection, which is within memory. It sends the command as often
// as there are replies in the buffer. command may be given in several forms, of which every client has the first that it knows a way for.
func pipelines[T any](j *job[T], keep func(*T, *clients.Reply), command ...clients.Command) (contenders []versus.Contender) {
	for _, c := range clients.Peers() {
		if !c.IsPlain() {
			continue
		}
		contenders = append(contenders, j.peer(c.Name+pipelined, func(own *job[T]) (pass, func(), error) {
			target := dial.Target{Network: "tcp", Addr: "memory:6379", Memory: func() net.Conn { return own.dial() }}
			session, err := c.OpenSmallest(context.Background(), target)
			if err != nil {
				return nil, nil, err
			}
			p, err := pipeline(own, session, keep, command)
			if err != nil {
				session.Close()
			}
			return p, session.Close, err
		}))
	}
	return contenders
}

// pipeline prepares the passes over the whole buffer, which are nearly all, and those over a part of it when they are asked for.
func pipeline[T any](own *job[T], session clients.Session, keep func(*T, *clients.Reply), forms []clients.Command) (pass, error) {
	whole, command := firstWay(session, forms, len(own.kept))
	if whole == nil {
		return nil, fmt.Errorf("there is no way to ask for %s", forms[0].Name)
	}
	prepared := map[int]clients.Ask{len(own.kept): whole}
	return func(m int) error {
		ask := prepared[m]
		if ask == nil {
			ask = session.Ask(slices.Repeat([]clients.Command{command}, m))
			prepared[m] = ask
		}
		replies, err := ask(context.Background())
		if err != nil {
			return err
		}
		for i := range m {
			keep(&own.kept[i], &replies[i])
		}
		return nil
	}, nil
}

// firstWay prepares the first form of a command that the client has a way for, so many times.
func firstWay(session clients.Session, forms []clients.Command, times int) (clients.Ask, clients.Command) {
	for _, form := range forms {
		if ask := session.Ask(slices.Repeat([]clients.Command{form}, times)); ask != nil {
			return ask, form
		}
	}
	return nil, clients.Command{}
}

func keepNumber(dst *int64, r *clients.Reply) { *dst = r.Ints[0] }

func keepText(dst *string, r *clients.Reply) { *dst = r.String() }

func keepBytes(dst *[]byte, r *clients.Reply) { *dst = r.Bytes }

func keepLook(dst *int, r *clients.Reply) {
	if r.Text != "" {
		*dst = lookText(r.Text)
		return
	}
	*dst = look(r.Bytes)
}

func keepList(dst *[]string, r *clients.Reply) { *dst = r.List() }

func keepFlat(dst *[]byte, r *clients.Reply) {
	flat := (*dst)[:0]
	for _, text := range r.Texts {
		flat = append(flat, text...)
	}
	for _, part := range r.Parts {
		flat = append(flat, part...)
	}
	*dst = flat
}

func keepPairs(dst *map[string]string, r *clients.Reply) { *dst = r.Pairs }

// get is the GET whose reply is decoded.
func get(want clients.Want) clients.Command {
	c := clients.Get(key)
	c.Want = want
	return fixed(c)
}

// fixed is a command for workloads that compare what becomes of its reply.
func fixed(c clients.Command) clients.Command {
	c.Fixed = true
	return c
}
