package harness

import "fmt"

// Sentinel's patience, in milliseconds. SENTINEL DEBUG (Redis 7) changes what no configuration can.
const failoverTimeout = 5000

var sentinelPeriods = []string{
	"INFO-PERIOD", "500", // how old the knowledge of replicas gets; stock 10 s
	"PUBLISH-PERIOD", "250", // how soon Sentinels agree; four times this, and an old master is demoted; stock 2 s
	"ASK-PERIOD", "250", // stock 1 s
	"TILT-PERIOD", "3000", // how long one that was paused does nothing; stock 30 s
}

func (set *SentinelSet) startNode(image string, i int) (*Server, error) {
	c := &set.config
	var d directives
	d.data(c.Version, c.Password)
	set.listen(&d, plainPort)
	d.add("repl-diskless-sync", "yes") // no RDB file, there and here
	d.add("repl-diskless-load", "on-empty-db")
	d.add("repl-diskless-sync-delay", 0)
	d.add("repl-ping-replica-period", 1)
	d.add("repl-timeout", 5)
	if c.Password != "" {
		d.add("masterauth", c.Password)
	}
	if i > 0 {
		d.add("replicaof", set.place("node", firstNode, 0).announced, plainPort)
	}
	sp := set.place("node", firstNode, i)
	if c.Hostnames {
		d.add("replica-announce-ip", sp.announced)
	}
	sp.command = append([]string{c.Version.server(), home + "/server.conf"}, c.Args...)
	sp.files = []file{{"server.conf", []byte(d.String())}}
	s := set.member(plainPort, c.Password)
	return s, set.runMember(s, image, sp)
}

func (set *SentinelSet) startSentinel(image string, i int) (*Server, error) {
	c := &set.config
	s := set.member(sentinelPort, c.SentinelPassword)
	s.Username = c.SentinelUser
	if c.Version.AtLeast(7, 0) && !c.StockPeriods {
		s.started = func() error { // not kept over a restart
			_, err := s.ask(append([]string{"SENTINEL", "DEBUG"}, sentinelPeriods...)...)
			return err
		}
	}
	sp := set.place("sentinel", firstSentinel, i)
	sp.command = []string{c.Version.server(), home + "/sentinel.conf", "--sentinel"}
	sp.files = []file{{"sentinel.conf", []byte(set.sentinelFile(sp.announced))}}
	return s, set.runMember(s, image, sp)
}

// place returns where the i-th member of a kind is and what it announces.
func (set *SentinelSet) place(kind string, first, i int) spec {
	sp := spec{ip: set.network.address(first + i), alias: fmt.Sprintf("%s%d.bwredis.test", kind, i)}
	sp.announced = sp.ip
	if set.config.Hostnames {
		sp.announced = sp.alias
	}
	return sp
}

func (set *SentinelSet) sentinelFile(announced string) string {
	c := &set.config
	var d directives
	d.common()
	set.listen(&d, sentinelPort)
	if c.Hostnames {
		d.add("sentinel resolve-hostnames", "yes")
		d.add("sentinel announce-hostnames", "yes")
	}
	of := func(option string, value any) { d.add("sentinel "+option, c.Name, value) }
	d.add("sentinel monitor", c.Name, set.place("node", firstNode, 0).announced, plainPort, c.Sentinels/2+1)
	of("down-after-milliseconds", c.DownAfter.Milliseconds())
	of("failover-timeout", failoverTimeout)
	d.add("sentinel announce-ip", announced)
	if c.Password != "" {
		of("auth-pass", c.Password)
	}
	switch {
	case c.SentinelUser != "":
		d.raw("user", fmt.Sprintf("%s on >%s ~* &* +@all", c.SentinelUser, c.SentinelPassword))
		d.raw("user", "default off")
		d.add("sentinel sentinel-user", c.SentinelUser)
		d.add("sentinel sentinel-pass", c.SentinelPassword)
	case c.SentinelPassword != "":
		d.add("requirepass", c.SentinelPassword) // before 6.2 also what they tell each other
		if c.Version.AtLeast(6, 2) {
			d.add("sentinel sentinel-pass", c.SentinelPassword)
		}
	}
	return d.String()
}

// listen adds the port, which is TLS or plain.
func (set *SentinelSet) listen(d *directives, port int) {
	if set.config.TLS == nil {
		d.add("port", port)
		return
	}
	d.add("port", 0)
	d.add("tls-port", port)
	d.add("tls-replication", "yes") // of a Sentinel: its connections, and announce tls-port
	set.config.TLS.directives(d)
}

func (set *SentinelSet) member(port int, password string) *Server {
	return &Server{
		Version: set.config.Version, Host: host, Password: password,
		t: set.t, databases: newDatabasePool(), tls: set.config.TLS, inside: port, secure: set.config.TLS != nil,
	}
}

func (set *SentinelSet) runMember(s *Server, image string, sp spec) error {
	sp.image, sp.network, sp.ports = image, set.network, []int{s.inside}
	if !s.secure {
		return s.run(sp, s.inside, 0)
	}
	if err := s.addCerts(&sp); err != nil {
		return err
	}
	return s.run(sp, 0, s.inside)
}
