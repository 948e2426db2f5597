package conn

import (
	"context"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// Do sends one command and returns its reply as an owned value. An error reply is returned as a *resp.Error. At least one argument,
// the command's name, is required.
//
// Do allocates nothing but the value.
func (c *Conn) Do(ctx context.Context, args ...string) (resp.Value, error) {
	ad := adhocs.Get().(*adhoc)
	ad.q.Reset()
	ad.q.Cmd(args[0]).Args(args[1:]...)
	err := c.RoundTrip(ctx, &ad.q, ad)
	v := ad.v
	ad.v = resp.Value{}
	if len(ad.q.Encoded()) <= maxKept {
		adhocs.Put(ad)
	}
	return v, err
}

// adhoc is one ad-hoc command with its reply.
type adhoc struct {
	q resp.Request
	v resp.Value
}

var adhocs = sync.Pool{New: func() any { return new(adhoc) }}

func (ad *adhoc) HandleReply(_ int, r *resp.Reply) error {
	if err := r.Err(); err != nil {
		return err
	}
	ad.v = r.Value()
	return r.Err()
}
