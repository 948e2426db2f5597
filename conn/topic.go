package conn

import (
	"context"
	"fmt"

	"github.com/bwredis/bwredis/resp"
)

// A topic is a channel or a pattern, with the letter that the names of its commands begin with.
type topic struct{ letter, name string }

func (t topic) subscribe() string   { return t.letter + "subscribe" }
func (t topic) unsubscribe() string { return t.letter + "unsubscribe" }

func (channels Channels) topics() (topics []topic) {
	for _, kind := range []struct {
		letter string
		names  []string
	}{{"", channels.Names}, {"p", channels.Patterns}, {"s", channels.Sharded}} {
		for _, name := range kind.names {
			topics = append(topics, topic{kind.letter, name})
		}
	}
	return topics
}

// sendTopics sends a command for each of the topics, in one request for each name of a command, and returns what the server refused.
func sendTopics(ctx context.Context, c *Conn, topics []topic, command func(topic) string) error {
	for _, letter := range []string{"", "p", "s"} {
		var q resp.Request
		for _, t := range topics {
			if t.letter == letter {
				q.Cmd(command(t)).Str(t.name)
			}
		}
		if err := c.RoundTrip(ctx, &q, nil); err != nil {
			return err
		}
	}
	return nil
}

// An inbox reads one push.
type inbox struct {
	subscription *Subscription
	message      Message
	got          bool // message is one that is wanted
}

func (in *inbox) HandleReply(_ int, r *resp.Reply) error {
	in.message = Message{}
	r.Array()
	switch word := r.Text(); word {
	case "message":
		return in.read(r, "")
	case "smessage":
		return in.read(r, "s")
	case "pmessage":
		in.message.Pattern = r.Text()
		return in.read(r, "p")
	case "unsubscribe", "punsubscribe", "sunsubscribe": // not asked for: a right was taken away, or a slot moved
		t := topic{word[:len(word)-len("unsubscribe")], r.Text()}
		if in.subscription.wants(t) {
			return fmt.Errorf("the server ended a subscription (%s)", word)
		}
	}
	return nil
}

func (in *inbox) read(r *resp.Reply, letter string) error {
	m := &in.message
	m.Channel, m.Payload = r.Text(), r.Text()
	t := topic{letter, m.Channel}
	if letter == "p" {
		t.name = m.Pattern
	}
	in.got = r.Err() == nil && in.subscription.wants(t)
	return r.Err()
}
