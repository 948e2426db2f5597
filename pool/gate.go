package pool

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// takeAtGate is take for what the gate lets pass, before it has a connection and when it has one: the dial or the queue may have lasted.
func (p *Pool) takeAtGate(ctx context.Context, q *resp.Request, n need, got *handover) error {
	if p.cfg.Gate == nil {
		return p.take(ctx, n, got)
	}
	for {
		if err := p.waitAtGate(ctx, q); err != nil {
			return err
		}
		if err := p.take(ctx, n, got); err != nil {
			return err
		}
		if p.cfg.Gate(q) == nil {
			return nil
		}
		p.giveBack(got, true)
		*got = handover{counted: true}
	}
}

// waitAtGate waits until the gate is open.
func (p *Pool) waitAtGate(ctx context.Context, q *resp.Request) error {
	for {
		wait := p.cfg.Gate(q)
		if wait == nil {
			return nil
		}
		select {
		case <-wait:
		case <-p.shut:
			return ErrClosed
		case <-ctx.Done():
			return &conn.Error{Op: conn.OpQueue, Addr: "pool", Err: fmt.Errorf("held back by the gate: %w", ctx.Err())}
		}
	}
}
