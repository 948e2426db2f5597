package redistest

import (
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// A Hub is publish and subscribe among the connections of a handler, as pubsub.c of Redis has it. The zero value is ready.
type Hub struct {
	mu      sync.Mutex
	members []*member // guarded by mu
}

// A member is a connection with what it is subscribed to. Guarded by Hub.mu.
type member struct {
	session *Session
	topics  map[string][]string // by the letter before SUBSCRIBE
}

// Handler answers the SUBSCRIBE family, PUBLISH and SPUBLISH, and what RESP2 changes for a connection that is subscribed; the rest is left to next.
func (h *Hub) Handler(next Handler) Handler {
	return func(c *Session, args []string) {
		name := strings.ToLower(args[0])
		letter, verb := topicCommand(name)
		switch {
		case verb != "" && len(args) > 1:
			for _, topic := range args[1:] {
				h.change(c, letter, verb, topic)
			}
		case (name == "publish" || name == "spublish") && len(args) == 3:
			c.Int(h.publish(strings.TrimSuffix(name, "publish"), args[1], args[2]))
		case c.Protocol() == 2 && h.subscribed(c) && name == "ping":
			c.Push("pong", "")
		case c.Protocol() == 2 && h.subscribed(c):
			c.Error(fmt.Sprintf("ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", name))
		default:
			next(c, args)
		}
	}
}

// Publish sends a message, and returns how many got it.
func (h *Hub) Publish(channel, message string) int64 { return h.publish("", channel, message) }

// Unsubscribe ends a subscription that the client has not asked to end, as a server does when a right is taken away.
func (h *Hub) Unsubscribe(channel string) {
	h.mu.Lock()
	members := append([]*member(nil), h.members...)
	h.mu.Unlock()
	for _, m := range members {
		h.change(m.session, "", "unsubscribe", channel)
		m.session.Flush()
	}
}

// topicCommand takes a name such as psubscribe apart.
func topicCommand(name string) (letter, verb string) {
	for _, letter := range []string{"", "p", "s"} {
		for _, verb := range []string{"subscribe", "unsubscribe"} {
			if name == letter+verb {
				return letter, verb
			}
		}
	}
	return "", ""
}

func (h *Hub) change(c *Session, letter, verb, topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.memberLocked(c)
	kept := m.topics[letter][:0]
	for _, t := range m.topics[letter] {
		if t != topic {
			kept = append(kept, t)
		}
	}
	if verb == "subscribe" {
		kept = append(kept, topic)
	}
	m.topics[letter] = kept
	count := len(m.topics[""]) + len(m.topics["p"])
	if letter == "s" {
		count = len(kept)
	}
	c.add(func(out []byte, protocol int) []byte {
		out = resp.AppendAggregate(out, resp.Push, 3, protocol)
		out = resp.AppendBulk(out, letter+verb)
		out = resp.AppendBulk(out, topic)
		return resp.AppendInt(out, int64(count))
	})
}

func (h *Hub) memberLocked(c *Session) *member {
	for _, m := range h.members {
		if m.session == c {
			return m
		}
	}
	m := &member{session: c, topics: map[string][]string{}}
	h.members = append(h.members, m)
	return m
}

func (h *Hub) subscribed(c *Session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, topics := range h.memberLocked(c).topics {
		if len(topics) > 0 {
			return true
		}
	}
	return false
}

func (h *Hub) publish(letter, channel, message string) int64 {
	receivers, woken := h.enqueue(letter, channel, message)
	for _, s := range woken {
		s.Flush()
	}
	return receivers
}

// enqueue pushes a message to those who want it, and leaves it to the caller to flush them.
func (h *Hub) enqueue(letter, channel, message string) (receivers int64, woken []*Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.members {
		n := int64(0)
		for _, topic := range m.topics[letter] {
			if topic == channel {
				m.session.Push(letter+"message", channel, message)
				n++
			}
		}
		for _, pattern := range m.topics["p"] {
			if matched, _ := path.Match(pattern, channel); matched && letter == "" {
				m.session.Push("pmessage", pattern, channel, message)
				n++
			}
		}
		if n > 0 && !m.session.ended() {
			woken = append(woken, m.session)
			receivers += n
		}
	}
	return receivers, woken
}
