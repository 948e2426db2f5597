package bwstate

import (
	"context"
	"errors"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// Server is what a server says of itself.
type Server struct {
	Name     string // "redis", "valkey", or "bwredis-local" for the embedded store
	Version  string // "8.0.2"
	Protocol int    // of RESP, 2 or 3, on the connection that was asked
	Role     string // "master" or "replica"
}

// Server asks the server who it is. One that knows no HELLO, or none without arguments (before Redis 6.2), and one that does not let the user say it,
// is asked by INFO.
func (s *State) Server(ctx context.Context) (Server, error) {
	hello, err := s.Do(ctx, "HELLO") // without arguments it changes nothing
	var refused *resp.Error
	switch {
	case err == nil:
		return helloInfo(hello), nil
	case !errors.As(err, &refused):
		return Server{}, err
	}
	info, err := s.Do(ctx, "INFO")
	if err != nil {
		return Server{}, err
	}
	text, err := info.Text()
	if err != nil {
		return Server{}, err
	}
	srv := serverInfo(text)
	if info.Kind() == resp.VerbatimString { // which is a bulk string in RESP2
		srv.Protocol = 3
	}
	return srv, nil
}

// helloInfo reads the answer to HELLO.
func helloInfo(hello resp.Value) (srv Server) {
	for name, value := range hello.Pairs() {
		name, _ := name.Text()
		text, _ := value.Text()
		switch name {
		case "server":
			srv.Name = text
		case "version":
			srv.Version = text
		case "proto":
			n, _ := value.Int()
			srv.Protocol = int(n)
		case "role":
			srv.Role = text
		}
	}
	return srv
}

// serverInfo reads the answer to INFO. Valkey names its own version beside the one of Redis that it is compatible with.
func serverInfo(text string) Server {
	srv := Server{Protocol: 2}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		switch name {
		case "redis_version":
			if srv.Version == "" {
				srv.Name, srv.Version = "redis", value
			}
		case "valkey_version":
			srv.Name, srv.Version = "valkey", value
		case "role":
			srv.Role = value
			if value == "slave" {
				srv.Role = "replica" // as HELLO says
			}
		}
	}
	return srv
}
