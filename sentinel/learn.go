package sentinel

import (
	"context"
	"slices"
	"time"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// When sentinels are asked for others: not before the configured ones had their time to say who they are.
const (
	learnAfter = 3 * time.Second
	learnEvery = 30 * time.Second
)

// learn asks a sentinel that has answered for the others, now and then, and follows those that are new and well.
func (w *watch) learn(opinions []opinion) {
	i := slices.IndexFunc(opinions, func(o opinion) bool { return o.err == nil })
	if i < 0 || time.Now().Before(w.learnAt) {
		return
	}
	w.learnAt = time.Now().Add(learnEvery)
	w.tasks.Go(func() {
		for _, o := range w.r.askSentinels(w.ctx, opinions[i].from) {
			addr := w.r.reach(o.addr())
			if addr == "" || o.down() {
				continue
			}
			if m := w.r.members.learn(addr, o.id); m != nil {
				w.r.tellLearned(m)
				w.tasks.Go(func() { w.listenTo(m) })
			}
		}
	})
}

// askSentinels returns whom a sentinel knows. Where it does not say, there is nothing to learn.
func (r *Resolver) askSentinels(ctx context.Context, m *member) (others []instance) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	_ = r.askWithin(ctx, m, func(ctx context.Context, c *conn.Conn) error {
		return ask(ctx, c, func(q *resp.Request) { q.Cmd("SENTINEL").Str("SENTINELS").Str(r.cfg.Master) }, func(reply *resp.Reply) (err error) {
			others, err = readInstances(reply)
			return err
		})
	})
	return others
}
