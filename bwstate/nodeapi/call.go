package nodeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// How much of an answer is read, in bytes. A node's list of bans is as large as its memory for them.
const (
	maxAnswer = 64 << 10
	maxList   = 64 << 20
)

// An answer is what nodes send with every status.
type answer struct {
	Status string          `json:"status"`
	Msg    json.RawMessage `json:"msg"`
	Data   json.RawMessage `json:"data"`
}

// call asks one node. body is encoded as JSON; nil: there is none.
func (c *Client) call(ctx context.Context, node, op, method, path string, body any, most int64) (answer, error) {
	status, a, err := c.exchange(ctx, node+path, method, body, most)
	if err == nil && status == http.StatusOK && a.Status == "success" {
		return a, nil
	}
	e := &Error{Node: node, Op: op, Status: status, Err: err}
	if err == nil {
		var text string
		_ = json.Unmarshal(a.Msg, &text) // whatever else it is says nothing to people
		e.Message = cut(c.hide(text))
	}
	if err != nil && ctx.Err() != nil {
		e.Err = ctx.Err()
	}
	return answer{}, e
}

// hide keeps the token out of what a node says, which may be anything.
func (c *Client) hide(text string) string {
	if *c.token == "" {
		return text
	}
	return strings.ReplaceAll(text, string(*c.token), "[hidden]")
}

func (c *Client) exchange(ctx context.Context, url, method string, body any, most int64) (status int, a answer, err error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, a, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return 0, a, err
	}
	r.Host = c.host
	r.Header.Set("User-Agent", "bwredis")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if *c.token != "" {
		r.Header.Set("Authorization", "Bearer "+string(*c.token))
	}
	// All questions can be asked twice: so a kept connection that the node has just closed, as it does when it loads its configuration again, is made again. Nothing of this is sent.
	r.Header["Idempotency-Key"] = nil
	response, err := c.http.Do(r)
	if err != nil {
		return 0, a, noAnswer(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	switch {
	case err != nil:
		return response.StatusCode, a, err
	case int64(len(text)) > most:
		return response.StatusCode, a, errTooLarge
	}
	if err := json.Unmarshal(text, &a); err != nil && response.StatusCode == http.StatusOK {
		return response.StatusCode, a, errNoAnswer
	}
	return response.StatusCode, a, nil
}

var (
	errTooLarge = errors.New("the answer is too large")
	errNoAnswer = errors.New("the answer is not that of a node")
)
