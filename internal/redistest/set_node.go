package redistest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

const (
	errReadOnly    = "READONLY You can't write against a read only replica."
	errWaitReplica = "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be " +
		"writable (which is not the default) writes to replicas are just local and are not propagated."
	errUnblocked   = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"
	errWaitTimeout = "ERR timeout is not an integer or out of range"
	errNegative    = "ERR timeout is negative"
	errNoAuth      = "NOAUTH Authentication required."
)

// A Node is a server with data: a master, or a replica of one. It answers what [Redis] does, ROLE, WAIT, and a [Hub].
type Node struct {
	*host
	redis *redis
	hub   Hub

	// All of these are guarded by Set.mu.
	master  *Node         // nil: the node says that it is a master itself
	linked  bool          // a replica gets what its master writes
	link    int           // counts the times that this has changed
	stream  []change      // what has been written there and has not arrived yet
	offset  int64         // of the stream of writes
	acked   chan struct{} // closed when a WAIT has reason to look again
	sdown   bool          // it has been out of reach for long
	outages int           // counts how often it went out of reach and came back
	orders  int           // counts how often sentinels made up their mind to correct its role
}

func newNode(s *Set, addr string) *Node {
	n := &Node{host: newHost(s, addr), redis: newRedis(Options{Password: s.cfg.Password}), acked: make(chan struct{})}
	n.id = fmt.Sprintf("%040x", 0x1000+len(s.hosts))
	n.tls, n.changed = s.cfg.TLS, n.reachableLocked
	n.redis.role = n.helloRole
	n.redis.extra = map[string]command{
		"GET":  {2, 2, false, n.read((*redis).get)},
		"SET":  {3, 0, false, n.write((*redis).set)},
		"DEL":  {2, 0, false, n.write((*redis).del)},
		"INCR": {2, 2, false, n.write((*redis).incr)},
		"ROLE": {1, 1, false, n.roleReply},
		"WAIT": {3, 3, false, n.waitReplicas},

		"GETRANGE": {4, 4, false, n.read((*redis).getRange)},
		"PTTL":     {2, 2, false, n.read((*redis).pttl)},
	}
	n.serve = n.redis.behind(&n.hub)
	return n
}

// behind returns a handler that lets hub answer before s, but not those who are not logged in.
func (s *redis) behind(hub *Hub) Handler {
	inner := hub.Handler(s.answer)
	return func(c *Session, args []string) {
		name := strings.ToLower(args[0])
		if _, verb := topicCommand(name); (verb != "" || name == "publish" || name == "spublish") && !s.authenticated(c) {
			c.Error(errNoAuth)
			return
		}
		inner(c, args)
	}
}

// Get returns what the node has for key in database 0.
func (n *Node) Get(key string) (value string, ok bool) {
	n.redis.keys.mu.Lock()
	defer n.redis.keys.mu.Unlock()
	value, ok = n.redis.keys.data[dbKey{0, key}]
	return value, ok
}

// Int returns what the node has for key in database 0 as a number; 0 when there is none.
func (n *Node) Int(key string) int {
	value, _ := n.Get(key)
	i, _ := strconv.Atoi(value)
	return i
}

// Role returns "master" or "slave", which is what the node says itself.
func (n *Node) Role() string {
	n.set.mu.Lock()
	defer n.set.mu.Unlock()
	return n.roleLocked()
}

func (n *Node) roleLocked() string {
	if n.master == nil {
		return "master"
	}
	return "slave"
}

// helloRole is the role in the words of HELLO.
func (n *Node) helloRole() string { return strings.Replace(n.Role(), "slave", "replica", 1) }

func (n *Node) roleReply(_ *redis, c *Session, _ []string) {
	n.set.mu.Lock()
	defer n.set.mu.Unlock()
	if n.master != nil {
		host, port := n.set.announced(n.master.addr)
		number, _ := strconv.Atoi(port)
		c.Array(5)
		c.Bulk("slave")
		c.Bulk(host)
		c.Int(int64(number))
		c.Bulk(n.linkState())
		if n.linkState() == "connected" {
			c.Int(n.offset)
		} else {
			c.Int(-1)
		}
		return
	}
	replicas := n.replicasLocked()
	c.Array(3)
	c.Bulk("master")
	c.Int(n.offset)
	c.Array(len(replicas))
	for _, r := range replicas {
		host, port := n.set.announced(r.addr)
		c.Array(3)
		c.Bulk(host)
		c.Bulk(port)
		c.Bulk(strconv.FormatInt(r.offset, 10))
	}
}

// linkState is how a replica calls its link: one to a master that is only silent still seems to be there.
func (n *Node) linkState() string {
	if n.linked || n.master.frozen || n.master.cut {
		return "connected"
	}
	return "connect"
}

// announced takes apart how others call an address.
func (s *Set) announced(addr string) (host, port string) {
	host, port, _ = net.SplitHostPort(s.cfg.Announce(addr))
	return host, port
}

// replicasLocked returns those that get what n writes.
func (n *Node) replicasLocked() (replicas []*Node) {
	for _, r := range n.set.Nodes {
		if r.master == n && r.linked {
			replicas = append(replicas, r)
		}
	}
	return replicas
}

// read lets a command see the data as it is between two writes.
func (n *Node) read(run func(*redis, *Session, []string)) func(*redis, *Session, []string) {
	return func(s *redis, c *Session, args []string) {
		n.set.mu.Lock()
		defer n.set.mu.Unlock()
		run(s, c, args)
	}
}

// write lets a command change the data of a master, and its replicas hear of it.
func (n *Node) write(run func(*redis, *Session, []string)) func(*redis, *Session, []string) {
	return func(s *redis, c *Session, args []string) {
		n.set.mu.Lock()
		defer n.set.mu.Unlock()
		if n.master != nil {
			c.Error(errReadOnly)
			return
		}
		keys := args[1:2]
		if strings.EqualFold(args[0], "DEL") {
			keys = args[1:]
		}
		run(s, c, args)
		n.propagateLocked(c.DB, keys, args)
		c.Values[offsetOf] = n.offset
	}
}

// offsetOf is where a session keeps the offset of its last write.
const offsetOf = "redistest: offset"
