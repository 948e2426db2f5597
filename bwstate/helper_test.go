package bwstate

import (
	"context"
	"net/netip"

	"github.com/bwredis/bwredis/resp"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// replies is a RoundTripper that answers with these frames, whatever it is asked. What a handler borrowed is overwritten behind it.
type replies []string

func (frames replies) RoundTrip(_ context.Context, _ *resp.Request, h resp.Handler) error {
	var r resp.Reply
	for i, text := range frames {
		frame := []byte(text)
		r.Reset(frame)
		err := h.HandleReply(i, &r)
		for j := range frame {
			frame[j] = 0xDB
		}
		if err != nil {
			return err
		}
	}
	return nil
}
