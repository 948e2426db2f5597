package harness

import (
	"fmt"
	"strings"
)

// Ports inside the containers.
const (
	plainPort    = 6379 // TLS in a set that has TLS, and then nothing is plain
	tlsPort      = 6380 // beside the plain one, on a single server
	sentinelPort = 26379
)

// home is the servers' directory in the container: configuration, certificates, and where they write.
const home = "/bwredis"

const databaseCount = 1024 // so that parallel tests need not share one

// Config says what server a test wants. Only Version is required; nothing is ever written to disk.
type Config struct {
	Version    Version
	Password   string   // of the default user; empty: none is asked for
	Users      []string // more users, as in an ACL file: "app on >secret ~* +@all -@admin"
	TLS        *TLS     // nil: plain only; otherwise plain and TLS, on different ports
	MaxMemory  string   // as redis.conf has it: "16mb"; empty: unlimited
	UnixSocket bool     // asks for [Server.Socket]; ignored where the Docker daemon is not on this Linux machine
	Args       []string // further arguments of the server: "--maxmemory-policy", "allkeys-lru"
}

// directives writes a configuration file, one directive with its arguments per line.
type directives struct{ strings.Builder }

func (d *directives) add(name string, args ...any) {
	d.WriteString(name)
	for _, arg := range args {
		fmt.Fprintf(d, " %q", fmt.Sprint(arg))
	}
	d.WriteByte('\n')
}

// raw adds a directive whose arguments are already separated by spaces.
func (d *directives) raw(name, args string) { fmt.Fprintf(d, "%s %s\n", name, args) }

// common is what data servers and Sentinels share. A server that asks for no password would answer nobody
// beyond the container's own loopback if it were in protected mode.
func (d *directives) common() {
	d.add("bind", "0.0.0.0")
	d.add("protected-mode", "no")
	d.add("daemonize", "no")
	d.add("dir", home)
	d.add("tcp-backlog", 128)
}

// data is what every data server has: many databases, no persistence, DEBUG where it can be switched off.
func (d *directives) data(v Version, password string) {
	d.common()
	d.add("databases", databaseCount)
	d.add("save", "")
	d.add("appendonly", "no")
	if v.AtLeast(7, 0) {
		d.add("enable-debug-command", "yes")
	}
	if password != "" {
		d.add("requirepass", password)
	}
}

// file returns the configuration of a single server.
func (c *Config) file() string {
	var d directives
	d.data(c.Version, c.Password)
	d.add("port", plainPort)
	if c.TLS != nil {
		d.add("tls-port", tlsPort)
		c.TLS.directives(&d)
	}
	if c.MaxMemory != "" {
		d.add("maxmemory", c.MaxMemory)
	}
	if c.UnixSocket {
		d.add("unixsocket", home+"/"+socketName)
		d.add("unixsocketperm", 777)
	}
	for _, user := range c.Users {
		d.raw("user", user)
	}
	return d.String()
}
