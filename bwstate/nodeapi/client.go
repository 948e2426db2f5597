package nodeapi

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// DefaultHost is BunkerWeb's API_SERVER_NAME where nothing else is set.
const DefaultHost = "bwapi"

// DefaultTimeout is how long a node may take for an answer.
const DefaultTimeout = 10 * time.Second

// maxAtOnce is how many nodes are asked at the same time.
const maxAtOnce = 32

// A Config says where nodes are and what they want to hear.
type Config struct {
	// Nodes are the nodes' addresses: http://host:port or https://host:port, with an IPv6 address in brackets. Without a scheme it is http, and without a port 5000, or
	// 5443 for https. Whatever else a URL may have is refused.
	Nodes []string
	Host  string         // API_SERVER_NAME of the nodes; "": DefaultHost
	Token bwstate.Secret // API_TOKEN of the nodes; "": there is none. It is sent to these nodes and to nobody else
	// HTTP is used for its Transport and its cookies alone, such as one that trusts the nodes' certificates; it is not changed. nil: a Transport of our own that uses no proxy.
	HTTP    *http.Client
	Timeout time.Duration // for each node and question; 0: DefaultTimeout
}

// A Client asks nodes, all at the same time. Its methods may be called concurrently.
type Client struct {
	nodes   []string
	host    string
	token   *bwstate.Secret // behind a pointer, which no verb of fmt follows
	http    http.Client
	timeout time.Duration
}

// New checks a Config. All problems are reported at once. It connects to nobody.
func New(cfg Config) (*Client, error) {
	c := &Client{host: cfg.Host, token: &cfg.Token, timeout: cfg.Timeout}
	var problems []error
	refuse := func(name, problem string) {
		problems = append(problems, &bwstate.ArgumentError{Name: name, Problem: problem})
	}
	if c.host == "" {
		c.host = DefaultHost
	}
	if !isField(c.host) {
		refuse("Host", "is not a host name")
	}
	if !isField(string(cfg.Token)) {
		refuse("Token", "holds characters that no header can carry")
	}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	if c.timeout < 0 {
		refuse("Timeout", "is negative: "+c.timeout.String())
	}
	if len(cfg.Nodes) == 0 {
		refuse("Nodes", "are none")
	}
	known := map[string]bool{}
	for _, text := range cfg.Nodes {
		node, problem := nodeURL(text)
		if problem != "" {
			refuse("Nodes", problem)
		} else if !known[node] {
			known[node] = true
			c.nodes = append(c.nodes, node)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if cfg.HTTP != nil {
		c.http = *cfg.HTTP
	}
	if c.http.Transport == nil {
		c.http.Transport = &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute}
	}
	// A node sends nobody elsewhere; who does gets neither the token nor the ban.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// Nodes returns the nodes as the client calls them.
func (c *Client) Nodes() []string { return append([]string(nil), c.nodes...) }

// String says no more than what it is.
func (c Client) String() string { return "nodeapi.Client" }

// GoString is String.
func (c Client) GoString() string { return c.String() }

// each asks all nodes and returns one error for each, in the order of the nodes.
func (c *Client) each(ctx context.Context, ask func(ctx context.Context, i int, node string) error) []error {
	errs := make([]error, len(c.nodes))
	var wg sync.WaitGroup
	turn := make(chan struct{}, maxAtOnce)
	for i, node := range c.nodes {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			ctx, cancel := context.WithTimeout(ctx, c.timeout)
			defer cancel()
			errs[i] = ask(ctx, i, node)
		})
	}
	wg.Wait()
	return errs
}
