package harness

import (
	"context"
	"net"
	"strconv"
	"strings"
)

// Settings returns the BunkerWeb settings by which a program on this machine reaches the server: by TLS
// where there is TLS. The map is the caller's to change, to log in as another user for example. The last
// three have no BunkerWeb counterpart: files of the authority and of a client certificate.
//
//	USE_REDIS REDIS_HOST REDIS_PORT REDIS_PASSWORD
//	REDIS_SSL REDIS_SSL_VERIFY REDIS_SSL_CA REDIS_SSL_CERT REDIS_SSL_KEY
func (s *Server) Settings() map[string]string {
	m := map[string]string{"USE_REDIS": "yes", "REDIS_HOST": s.Host, "REDIS_PORT": strconv.Itoa(s.Port)}
	if s.TLSPort != 0 {
		m["REDIS_PORT"] = strconv.Itoa(s.TLSPort)
	}
	s.addAccess(m)
	return m
}

// addAccess adds the settings that are the same for every member of a set.
func (s *Server) addAccess(m map[string]string) {
	if s.Password != "" {
		m["REDIS_PASSWORD"] = s.Password
	}
	if s.tls == nil {
		return
	}
	m["REDIS_SSL"], m["REDIS_SSL_VERIFY"], m["REDIS_SSL_CA"] = "yes", "yes", s.Certs.CAFile
	if s.tls.RequireClient {
		m["REDIS_SSL_CERT"], m["REDIS_SSL_KEY"] = s.Certs.Client.CertFile, s.Certs.Client.KeyFile
	}
}

// InternalAddr returns the "host:port" at which other containers reach the server, and which a member of a
// set announces. It never changes for a member of a set; a single server may come back with another one.
func (s *Server) InternalAddr() string {
	s.t.Helper()
	if s.c.spec.network != nil {
		return net.JoinHostPort(s.c.spec.announced, strconv.Itoa(s.inside))
	}
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	info, err := session.client.InspectContainerWithContext(s.c.id, ctx)
	if err != nil {
		s.t.Fatalf("harness: address of %s: %v", s.Version, err)
	}
	return net.JoinHostPort(info.NetworkSettings.IPAddress, strconv.Itoa(s.inside))
}

// AddressMap returns, for every member, the address it announces and the one by which it is reached from
// this machine: both "ip:port". It never changes.
func (set *SentinelSet) AddressMap() map[string]string {
	m := make(map[string]string)
	for _, s := range append(append([]*Server{}, set.Nodes...), set.Sentinels...) {
		m[s.InternalAddr()] = s.reach()
	}
	return m
}

// reach returns the address by which this machine reaches a member.
func (s *Server) reach() string {
	if s.secure {
		return s.TLSAddr
	}
	return s.Addr
}

// Settings returns the BunkerWeb settings by which a program on this machine reaches the set, as
// [Server.Settings] does for a server, with REDIS_SENTINEL_HOSTS, REDIS_SENTINEL_MASTER,
// REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD. What it does not say is [SentinelSet.AddressMap].
func (set *SentinelSet) Settings() map[string]string {
	var hosts []string
	for _, s := range set.Sentinels {
		hosts = append(hosts, s.reach())
	}
	m := map[string]string{
		"USE_REDIS":             "yes",
		"REDIS_SENTINEL_HOSTS":  strings.Join(hosts, " "),
		"REDIS_SENTINEL_MASTER": set.Name,
	}
	if set.config.SentinelUser != "" {
		m["REDIS_SENTINEL_USERNAME"] = set.config.SentinelUser
	}
	if set.config.SentinelPassword != "" {
		m["REDIS_SENTINEL_PASSWORD"] = set.config.SentinelPassword
	}
	set.Nodes[0].addAccess(m)
	return m
}
