package redistest

import (
	"fmt"
	"time"
)

// A Sentinel watches the master of a set. It answers the questions that clients ask, and publishes what it sees.
type Sentinel struct {
	*host
	redis *redis
	hub   Hub

	// All of these are guarded by Set.mu.
	known   opinion
	lie     *opinion       // nil: it says what it knows
	stale   bool           // it does not learn
	mute    bool           // it does not publish
	forgets bool           // it does not know the master
	sdown   map[*Node]bool // what it found to be down
	odown   bool           // enough others find the master down, too
	returns int            // counts how often it went out of reach and came back
}

// An opinion is who the master is, since which epoch.
type opinion struct {
	addr  string
	epoch int64
}

func newSentinel(s *Set, addr string, number int) *Sentinel {
	cfg := &s.cfg
	options := Options{Unknown: []string{"GET", "SET", "DEL", "INCR", "SELECT", "ECHO"}}
	if cfg.SentinelUser == "" {
		options.Password = cfg.SentinelPassword
	} else {
		options.Users = map[string]string{cfg.SentinelUser: cfg.SentinelPassword}
	}
	sentinel := &Sentinel{host: newHost(s, addr), redis: newRedis(options), known: opinion{addr: s.Nodes[0].addr}, sdown: map[*Node]bool{}}
	sentinel.id = fmt.Sprintf("%040x", 0x5000+number)
	sentinel.tls, sentinel.changed = cfg.SentinelTLS, sentinel.reachableLocked
	sentinel.redis.mode, sentinel.redis.role = "sentinel", func() string { return "" }
	sentinel.redis.extra = map[string]command{
		"ROLE":     {1, 1, false, sentinel.roleReply},
		"SENTINEL": {2, 0, false, sentinel.ask},
		"PUBLISH":  {3, 3, false, refusePublish},
	}
	sentinel.serve = sentinel.handler()
	return sentinel
}

// handler keeps PUBLISH away from the hub: sentinels take no messages of clients.
func (s *Sentinel) handler() Handler {
	return Override(map[string]Handler{"PUBLISH": s.redis.answer}, s.redis.behind(&s.hub))
}

func refusePublish(_ *redis, c *Session, _ []string) {
	c.Error("ERR Only HELLO messages are accepted by Sentinel instances.")
}

// Lie makes the sentinel name addr as the master, since an epoch of the test's choice. It publishes nothing about that.
func (s *Sentinel) Lie(addr string, epoch int64) { s.do(func() { s.lie = &opinion{addr, epoch} }) }

// Honest ends a Lie.
func (s *Sentinel) Honest() { s.do(func() { s.lie = nil }) }

// Stale keeps the sentinel from learning: after a failover it names the old master, at the old epoch, until [Sentinel.Fresh]. It leads none.
func (s *Sentinel) Stale() { s.do(func() { s.stale = true }) }

// Fresh ends a Stale.
func (s *Sentinel) Fresh() {
	s.do(func() {
		s.stale = false
		s.set.after(s.set.cfg.Lag, s.learnLocked)
	})
}

// Mute keeps the sentinel from publishing, but not from answering; [Sentinel.Say] is heard all the same.
func (s *Sentinel) Mute() { s.do(func() { s.mute = true }) }

// Unmute ends a Mute.
func (s *Sentinel) Unmute() { s.do(func() { s.mute = false }) }

// Forget makes the sentinel not know the master, as after SENTINEL REMOVE.
func (s *Sentinel) Forget() { s.do(func() { s.forgets = true }) }

// Remember ends a Forget.
func (s *Sentinel) Remember() { s.do(func() { s.forgets = false }) }

// Say publishes an event of the test's choice.
func (s *Sentinel) Say(channel, payload string) { s.do(func() { s.sayLocked(channel, payload) }) }

// TakeBack makes the sentinel announce addr as the master, with an epoch above all others, and d later the one that it named before, again with
// a new epoch. No node changes its role.
func (s *Sentinel) TakeBack(addr string, d time.Duration) {
	s.do(func() {
		before, lie := s.saysLocked().addr, s.lie
		epoch := max(s.set.epoch, s.saysLocked().epoch)
		s.lie = &opinion{addr, epoch + 1}
		s.publishLocked("+switch-master", s.switched(before, addr))
		mine := s.lie
		s.set.after(d, func() {
			if s.lie == mine {
				s.takeBackLocked(addr, before, epoch+2, lie)
			}
		})
	})
}

// takeBackLocked names before again. Where that is the truth, it is now the newest configuration, and the others hear of it.
func (s *Sentinel) takeBackLocked(addr, before string, epoch int64, lie *opinion) {
	s.lie = &opinion{before, epoch}
	if lie == nil && before == s.set.master.addr && s.known.addr == before {
		s.lie, s.known.epoch = nil, epoch
		s.set.leader, s.set.configEpoch = s, epoch
		s.set.epoch = max(s.set.epoch, epoch)
		s.set.spreadLocked()
	}
	s.publishLocked("+switch-master", s.switched(addr, before))
}

func (s *Sentinel) do(f func()) {
	s.set.mu.Lock()
	defer s.set.mu.Unlock()
	if !s.set.closed {
		f()
	}
}

// saysLocked returns what the sentinel gives as its opinion.
func (s *Sentinel) saysLocked() opinion {
	if s.lie != nil {
		return *s.lie
	}
	return s.known
}

// publishLocked publishes an event, if the sentinel can.
func (s *Sentinel) publishLocked(channel, payload string) {
	if !s.mute && !s.down && !s.frozen {
		s.sayLocked(channel, payload)
	}
}

// sayLocked decides on the order of what connections get, and lets others wait for them to take it.
func (s *Sentinel) sayLocked(channel, payload string) {
	_, woken := s.hub.enqueue("", channel, payload)
	for _, c := range woken {
		s.set.wg.Go(c.Flush)
	}
}

// masterEvent is how events call the master.
func (s *Sentinel) masterEvent(addr string) string {
	host, port := s.set.announced(addr)
	return "master " + s.set.cfg.Master + " " + host + " " + port
}

// slaveEvent is how events call a replica of the master.
func (s *Sentinel) slaveEvent(addr string) string {
	host, port := s.set.announced(addr)
	return fmt.Sprintf("slave %s:%s %s %s %s", host, port, host, port, s.atMaster())
}

// atMaster is how events end that are not about the master itself.
func (s *Sentinel) atMaster() string {
	host, port := s.set.announced(s.known.addr)
	return fmt.Sprintf("@ %s %s %s", s.set.cfg.Master, host, port)
}

func (s *Sentinel) switched(from, to string) string {
	fromHost, fromPort := s.set.announced(from)
	toHost, toPort := s.set.announced(to)
	return fmt.Sprintf("%s %s %s %s %s", s.set.cfg.Master, fromHost, fromPort, toHost, toPort)
}

// learnLocked takes over the newest configuration from another sentinel.
func (s *Sentinel) learnLocked() {
	if s.stale || !s.reachable() || s.known.epoch >= s.set.configEpoch {
		return
	}
	from := s.set.leader
	host, port := s.set.announced(from.addr)
	s.publishLocked("+config-update-from", fmt.Sprintf("sentinel %s %s %s %s", from.id, host, port, s.atMaster()))
	s.switchLocked()
}

// switchLocked makes the newest configuration that of the sentinel, and forgets what it knew of other servers in those roles.
func (s *Sentinel) switchLocked() {
	old := s.known.addr
	s.known = opinion{s.set.master.addr, s.set.configEpoch}
	if old == s.known.addr {
		return
	}
	s.publishLocked("+switch-master", s.switched(old, s.known.addr))
	clear(s.sdown)
	s.odown = false
	for _, n := range s.set.Nodes {
		if n.addr != s.known.addr {
			s.publishLocked("+slave", s.slaveEvent(n.addr))
		}
	}
	s.set.after(s.set.cfg.DownAfter, s.lookLocked)
}

// spreadLocked lets the other sentinels learn the newest configuration.
func (s *Set) spreadLocked() {
	for _, sentinel := range s.Sentinels {
		s.after(s.cfg.Lag, sentinel.learnLocked)
	}
}
