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

// confirmation returns the word that begins the answers to a request that subscribes, "" for any other request, or why the request cannot be sent.
func (c *Conn) confirmation(q *resp.Request) (word string, err error) {
	s := resp.Scanner{MaxFrame: len(q.Encoded())}
	ordinary := false
	for rest := q.Encoded(); len(rest) > 0; {
		n, err := s.Scan(rest)
		if err != nil || n == 0 {
			return "", fmt.Errorf("the request cannot be read: %w", err)
		}
		verb, single, err := subscribes(rest[:n])
		switch {
		case err != nil:
			return "", err
		case verb == "":
			ordinary = true
		case !c.pubSub:
			return "", fmt.Errorf("%s: %w", strings.ToUpper(verb), errNoPubSub)
		case !single, word != "" && word != verb:
			return "", errOneByOne
		default:
			word = verb
		}
		rest = rest[n:]
	}
	if ordinary && word != "" {
		return "", errOneByOne
	}
	return word, nil
}

// subscribes returns the name of a command of the SUBSCRIBE family in lower case, else "". single says that it is about one channel.
func subscribes(command []byte) (verb string, single bool, err error) {
	var r resp.Reply
	r.Reset(command)
	n := r.Array()
	name := strings.ToLower(r.Text())
	switch name {
	case "monitor", "sync", "psync":
		return "", false, fmt.Errorf("%s: %w", strings.ToUpper(name), errNoReplies)
	case "client":
		if n > 1 && strings.EqualFold(r.Text(), "REPLY") {
			return "", false, fmt.Errorf("CLIENT REPLY: %w", errNoReplies)
		}
	}
	if !confirms(name) {
		return "", false, nil
	}
	return name, n == 2, nil
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
	awaited := ""
	if head := c.oldest(nil); head != nil {
		awaited = head.confirm
	}
	if kind == resp.Array && c.topics == (topicCount{}) && awaited == "" {
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
	r.Skip() // the channel
	c.topics.count(word, int(r.Int()))
	return word != awaited
}

// count takes in how many channels are left after a confirmation. Sharded ones are counted apart.
func (t *topicCount) count(word string, n int) {
	if word == "ssubscribe" || word == "sunsubscribe" {
		t.shards = n
	} else {
		t.channels = n
	}
}
