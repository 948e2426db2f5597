package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/versus"
)

// work is what the client does for an operation when nothing else costs anything: a connection within memory answers with what the server did.
func (s *site) work(op operation) versus.Workload {
	w := versus.Workload{Name: workName(op.name), Title: op.title, Unit: "operations"}
	w.Contenders = append(w.Contenders, versus.Contender{Name: clients.OursName, Kind: versus.Ours, Setup: func() (versus.Run, func(), error) {
		ctx := context.Background()
		calls, closeAll, err := s.ours(op, s.memory(op), 1, 1, nil)(ctx)
		if err != nil {
			return nil, nil, err
		}
		all := crowd.New(ctx, calls, right, nil)
		return all.Run, closeAll, all.Run(2)
	}})
	if op.floor != nil {
		w.Contenders = append(w.Contenders, versus.Contender{Name: bareName, Kind: versus.Floor, Setup: func() (versus.Run, func(), error) {
			return func(n int) error {
				for range n {
					if err := op.floor(s); err != nil {
						return err
					}
				}
				return nil
			}, nil, op.floor(s)
		}})
	}
	return w
}

const bareName = "bare cryptography"

func workName(operation string) string { return operation + "-work" }

// writeCosts writes what each selected operation costs, as one table.
func (s *site) writeCosts(w io.Writer, o options, only *regexp.Regexp, f figures) error {
	var b strings.Builder
	for _, op := range operations() {
		if !only.MatchString(workName(op.name)) {
			continue
		}
		result, err := experiment{Workload: s.work(op)}.measure(o.Settings)
		if err != nil {
			return err
		}
		f[workName(op.name)] = result
		b.WriteString(s.costRow(op, result))
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "#### what an operation costs (`…-work`)\n\n| operation |  | round trips | BunkerWeb's Lua | bytes sent | bytes received | client work | allocs/op | "+
		"time / bare cryptography |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n%s\n", b.String())
	return err
}

func (s *site) costRow(op operation, result versus.Result) string {
	own, _ := result.Row(clients.OursName)
	r := s.recorded[op.name][0]
	bare := "–"
	if floor, ok := result.Row(bareName); ok {
		bare = versus.Ratio(own, floor).String()
	}
	return fmt.Sprintf("| `%s` | %s | %d | %s | %d | %d | %s | %s | %s |\n", op.name, op.title, r.roundTrips, op.lua, len(r.sent), r.received,
		versus.FormatNanoseconds(own.Fastest()), versus.FormatCount(own.Allocs()), bare)
}
