package main

import (
	"fmt"
	"strings"

	"github.com/bwredis/bwredis/bench/clients"
)

const (
	visitors    = 64 // callers above that number share them
	sessionSize = 400
	noKey       = -2 // what PTTL answers
)

// A visitor is what one caller asks about again and again. All keys of a kind have the same length.
type visitor struct {
	session, counter, ban string
	data                  string // of the session
}

func (s *site) visitor(i int) visitor {
	ip := fmt.Sprintf("10.1.0.%d", 100+i)
	return visitor{
		session: s.key(fmt.Sprintf("sessions_:session:%043d", i)),
		counter: s.key("plugin_bad_behavior_www.example.com_" + ip),
		ban:     s.key("bans_service_www.example.com_ip_" + ip),
		data:    strings.Repeat("s", sessionSize-3) + fmt.Sprintf("%03d", i),
	}
}

// guard is what a web application firewall asks for each request that it sees: a session, a counter, and whether the address is banned, which it is not.
func (s *site) guard(caller int, awaited bool) job {
	v := s.visitor(caller % visitors)
	ban := clients.Get(v.ban)
	ban.Nullable = true
	return job{
		commands: []clients.Command{
			clients.Get(v.session), s.count(v.counter), ban,
			{Name: "PTTL", Args: []string{v.ban}, Want: clients.Number},
		},
		expected: []expectation{text(v.data), anyNumber(), nothing(), number(noKey)},
		awaited:  awaited,
	}
}

func (s *site) count(key string) clients.Command {
	return clients.EvalSHA(clients.Number, s.sha, []string{key}, countTime)
}
