package bwstate

import (
	"context"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// A Durable writes as its State does, and then waits until replicas have what was written. [State.WaitReplicas] makes one. Its methods may be called
// concurrently.
//
// Each returns how many replicas acknowledged. Fewer than were asked for, when the timeout has passed, is no error: the write was done and stays, and only the number
// tells. A write that changes nothing, such as a deletion of what is not there, waits too: for everything that was written before it. When the write itself fails,
// its error is returned, after the wait where the server waits nevertheless, and nothing is known of replicas. A [*WaitError] says that the write was done and
// the waiting failed; the other results are then those of the write, and 0.
type Durable struct {
	state    *State
	replicas int64
	timeout  int64 // milliseconds
	invalid  error // what every operation returns
}

// WaitReplicas returns a Durable that waits for n replicas, 1 or more, and for no longer than timeout, which is rounded up to whole milliseconds. Its operations refuse
// other numbers, and a timeout of zero or less, which servers would take as for ever, with an [*ArgumentError]; nothing is sent then.
//
//	acknowledged, err := state.WaitReplicas(1, 100*time.Millisecond).AddBan(ctx, ban)
//
// An acknowledgement means that a replica has the write in its memory; whether it is on a disk is another matter (WAITAOF). A failover to a replica that
// acknowledged keeps the write, and a failover to another one may lose it. Sentinel promotes, among replicas of the same priority, the one that is furthest among those
// it reaches, so a write is lost when all that acknowledged are out of its reach, or when priorities are different; it is safe from a failover when every replica
// acknowledged. With 0 the write is on the master alone. It will reach the replicas as any other does, and is lost if the master fails before that. With
// [Settings.UseRedis] off there are no replicas, and 0 is returned at once.
//
// The write and the wait (WAIT) are one round trip on one connection, which is the caller's alone meanwhile: WAIT counts the writes of its own connection, and holds
// back whatever follows. So many durable writes at the same time take as many connections, or wait for one of those that the pool may open. The wait ends early when
// ctx ends; give ctx a deadline, because a server that stops answering in between is not noticed otherwise, as with every command that may block.
func (s *State) WaitReplicas(n int, timeout time.Duration) *Durable {
	d := &Durable{state: s, replicas: int64(n)}
	switch {
	case n < 1:
		d.invalid = &ArgumentError{Name: "replicas", Problem: "is less than one: " + strconv.Itoa(n)}
	case timeout <= 0:
		d.invalid = &ArgumentError{Name: "timeout", Problem: "is not more than zero: " + timeout.String()}
	case timeout > maxTTL:
		d.invalid = &ArgumentError{Name: "timeout", Problem: "is longer than a hundred years: " + timeout.String()}
	default:
		d.timeout = int64((timeout + time.Millisecond - 1) / time.Millisecond)
	}
	return d
}

// A WaitError says that a write was done, and that the wait for replicas failed behind it: the server refused WAIT, ctx ended, the connection was lost. How many
// replicas have the write is not known.
type WaitError struct {
	Err error // what ended the wait: a *resp.Error, the context's error or a *conn.Error
}

func (e *WaitError) Error() string {
	return "bwstate: the write was done, but it is not known how many replicas have it: " + e.Err.Error()
}

func (e *WaitError) Unwrap() error { return e.Err }

// Do is [State.Do]. A command that only reads waits too.
func (d *Durable) Do(ctx context.Context, args ...string) (v resp.Value, acknowledged int, err error) {
	op := newReplicated()
	defer op.recycle()
	if err := op.command(args); err != nil {
		return resp.Value{}, 0, err
	}
	err = d.run(ctx, op)
	return op.v, op.acknowledged, err
}

// AddBan is [State.AddBan].
func (d *Durable) AddBan(ctx context.Context, b Ban) (acknowledged int, err error) {
	write, err := newBanWrite(b)
	if err != nil {
		return 0, err
	}
	op := newReplicated()
	defer op.recycle()
	write.add(&op.q)
	err = d.run(ctx, op)
	return op.acknowledged, err
}

// Unban is [State.Unban].
func (d *Durable) Unban(ctx context.Context, ip netip.Addr, service string) (lifted bool, acknowledged int, err error) {
	u, err := newUnban(ip, service)
	if err != nil {
		return false, 0, err
	}
	op := newReplicated()
	defer op.recycle()
	u.add(&op.q)
	err = d.run(ctx, op)
	return op.changed(), op.acknowledged, err
}

// SaveSession is [Sessions.Save] of ss, which belongs to the same State.
func (d *Durable) SaveSession(ctx context.Context, ss *Sessions, id SessionID, data []byte, ttl time.Duration) (acknowledged int, err error) {
	op := newReplicated()
	defer op.recycle()
	if err := d.checkSessions(ss); err != nil {
		return 0, err
	}
	if err := op.saveSession(ss, id, data, ttl); err != nil {
		return 0, err
	}
	err = d.run(ctx, op)
	return op.acknowledged, err
}

// DeleteSession is [Sessions.Delete] of ss, which belongs to the same State.
func (d *Durable) DeleteSession(ctx context.Context, ss *Sessions, id SessionID) (deleted bool, acknowledged int, err error) {
	op := newReplicated()
	defer op.recycle()
	if err := d.checkSessions(ss); err != nil {
		return false, 0, err
	}
	op.deleteSession(ss, id)
	err = d.run(ctx, op)
	return op.changed(), op.acknowledged, err
}

func (d *Durable) checkSessions(ss *Sessions) error {
	if ss.state != d.state {
		return &ArgumentError{Name: "sessions", Problem: "belong to another State"}
	}
	return nil
}

// run sends a write with WAIT behind it, on a connection of its own.
func (d *Durable) run(ctx context.Context, op *replicated) error {
	if d.invalid != nil {
		return d.invalid
	}
	op.q.Cmd("WAIT").Int(d.replicas).Int(d.timeout).MarkBlocking()
	err := d.state.roundTrip(ctx, &op.q, op)
	switch {
	case op.refused != nil:
		return op.refused // whatever became of the wait behind it
	case err != nil && op.written:
		return &WaitError{Err: err}
	}
	return err
}

// replicated is a write, with its last reply as a value, and WAIT behind it.
type replicated struct {
	adhoc
	refused      error // why the write was not done
	written      bool  // it was, all of it
	acknowledged int
}

var replicateds = sync.Pool{New: func() any { return new(replicated) }}

func newReplicated() *replicated { return replicateds.Get().(*replicated) }

func (op *replicated) recycle() {
	op.reset()
	op.refused, op.written, op.acknowledged = nil, false, 0
	replicateds.Put(op)
}

// HandleReply takes the replies of the write, and then that of WAIT.
func (op *replicated) HandleReply(i int, r *resp.Reply) error {
	wait := op.q.Len() - 1
	if i < wait {
		op.refused = op.adhoc.HandleReply(i, r)
		op.written = op.refused == nil && i == wait-1
		return op.refused
	}
	n := r.Int()
	if err := r.Err(); err != nil {
		return err
	}
	op.acknowledged = int(n)
	return nil
}

// changed says whether the write, whose last reply counts keys, was done and changed anything.
func (op *replicated) changed() bool {
	n, err := op.v.Int()
	return op.written && err == nil && n > 0
}
