package conn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// Commands of publish and subscribe are answered by frames that RESP3 calls pushes, and RESP2 does not tell from other arrays. This file tells which frame answers
// a request and which one is for NextPush.

var (
	errNoPubSub  = errors.New("subscribing takes a connection of its own: use Subscribe, or set Dialer.PubSub")
	errOneByOne  = errors.New("commands of the SUBSCRIBE family go by themselves in a request, all of the same name and with one channel each")
	errNoReplies = errors.New("the command changes what a server answers, and nobody could tell replies apart any more")
)

// topicCount is how much a connection is subscribed to, as the server last said.
type topicCount struct {
	channels int // and patterns
	shards   int
}

// A confirmation is what answers a request that subscribes: a frame for each channel, in order, that begins with the name of the command.
type confirmation struct {
	word     string
	channels []string
}

// awaits reports whether a frame with these first two elements answers the next command of a call, which may be nil. What a server takes away unasked looks the
// same, but for the channel.
func (own *call) awaits(word, channel string) bool {
	if own == nil || own.confirm == nil || own.confirm.word != word {
		return false
	}
	channels := own.confirm.channels
	return channels[len(channels)-own.owed] == channel
}

// confirmation returns what answers a request that subscribes, nil for any other request, or why the request cannot be sent.
func (c *Conn) confirmation(q *resp.Request) (*confirmation, error) {
	s := resp.Scanner{MaxFrame: len(q.Encoded())}
	var confirm confirmation
	ordinary := false
	for rest := q.Encoded(); len(rest) > 0; {
		n, err := s.Scan(rest)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("the request cannot be read: %w", err)
		}
		verb, channel, err := subscribes(rest[:n])
		switch {
		case verb == "" && err == nil:
			ordinary = true
		case verb != "" && !c.pubSub:
			return nil, fmt.Errorf("%s: %w", strings.ToUpper(verb), errNoPubSub)
		case err != nil:
			return nil, err
		case confirm.word != "" && confirm.word != verb:
			return nil, errOneByOne
		default:
			confirm.word = verb
			confirm.channels = append(confirm.channels, channel)
		}
		rest = rest[n:]
	}
	switch {
	case confirm.word == "":
		return nil, nil
	case ordinary:
		return nil, errOneByOne
	}
	return &confirm, nil
}

// subscribes returns the name of a command of the SUBSCRIBE family in lower case, and its channel; "" for any other command. An error says why a command cannot be
// sent.
func subscribes(command []byte) (verb, channel string, err error) {
	var r resp.Reply
	r.Reset(command)
	n := r.Array()
	name := strings.ToLower(r.Text())
	switch name {
	case "monitor", "sync", "psync":
		return "", "", fmt.Errorf("%s: %w", strings.ToUpper(name), errNoReplies)
	case "client":
		if n > 1 && strings.EqualFold(r.Text(), "REPLY") {
			return "", "", fmt.Errorf("CLIENT REPLY: %w", errNoReplies)
		}
	}
	if !confirms(name) {
		return "", "", nil
	}
	if n != 2 {
		return name, "", errOneByOne
	}
	return name, r.Text(), nil
}

// confirms reports whether a word begins an answer to the SUBSCRIBE family.
func confirms(word string) bool {
	switch word {
	case "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
		return true
	}
	return false
}

// outOfBand reports whether a frame answers no request.
func (c *Conn) outOfBand(frame []byte) bool {
	kind := resp.Kind(frame[0])
	if !c.pubSub || kind != resp.Push && kind != resp.Array {
		return kind == resp.Push
	}
	if kind == resp.Array && c.hello.Protocol == 3 {
		return false // RESP3 tells messages from arrays
	}
	head := c.oldest(nil)
	if kind == resp.Array && c.topics == (topicCount{}) && (head == nil || head.confirm == nil) {
		return false // not subscribed to anything: an array is an array
	}
	var r resp.Reply
	r.Reset(frame)
	r.Array()
	word := r.Text()
	switch word {
	case "message", "pmessage", "smessage":
		return true
	}
	if !confirms(word) {
		return kind == resp.Push
	}
	channel := r.Text()
	c.topics.count(word, int(r.Int()))
	return !head.awaits(word, channel)
}

// count takes in how many channels are left after a confirmation. Sharded ones are counted apart.
func (t *topicCount) count(word string, n int) {
	if word == "ssubscribe" || word == "sunsubscribe" {
		t.shards = n
	} else {
		t.channels = n
	}
}
