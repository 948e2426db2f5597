package bwstate

import "strconv"

// check looks at what settings say together. A setting that was refused gives no second complaint; warnings
// need no such care, as nobody sees them once something was refused.
func (p *settingsParser) check() {
	p.checkHost()
	p.checkUser("REDIS_USERNAME", "REDIS_PASSWORD", p.s.Username, p.s.Password)
	p.checkUser("REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD", p.s.SentinelUsername, p.s.SentinelPassword)
	p.checkTLS()
	p.checkSentinel()
}

func (p *settingsParser) checkHost() {
	if p.s.UseRedis && !p.given["REDIS_HOST"] && !p.given["REDIS_SENTINEL_HOSTS"] {
		p.fail("REDIS_HOST", "", "not set: USE_REDIS=yes needs it, or REDIS_SENTINEL_HOSTS")
	}
	if p.hostPort != 0 && !p.failed("REDIS_PORT") {
		if p.given["REDIS_PORT"] && p.s.Port != p.hostPort {
			p.fail("REDIS_HOST", p.get("REDIS_HOST"),
				"its port is not the "+strconv.Itoa(p.s.Port)+" of REDIS_PORT; give the port once")
		}
		p.s.Port = p.hostPort
	}
	if p.s.Network() == "unix" && p.s.SSL && p.s.SSLVerify && p.s.SSLServerName == "" && !p.failed("REDIS_SSL_SERVER_NAME") {
		p.fail("REDIS_SSL_SERVER_NAME", "", "not set: a unix socket has no name of its own to find in the certificate")
	}
}

func (p *settingsParser) checkUser(userName, passName, user string, pass Secret) {
	if user != "" && pass == "" {
		p.warn(userName + " is set without " + passName + "; that works only for a user who needs no password")
	}
	if hasOuterSpace(string(pass)) {
		p.warn(passName + " starts or ends with white space, which is taken as part of it")
	}
}

const unverified = "REDIS_SSL_VERIFY=no: the server is not checked, so anyone on the path can pose as it and read the password"

func (p *settingsParser) checkTLS() {
	s := &p.s
	switch {
	case s.SSLCert == "" && s.SSLKey != "":
		p.fail("REDIS_SSL_CERT", "", "not set, but REDIS_SSL_KEY is; a client certificate needs both")
	case s.SSLCert != "" && s.SSLKey == "":
		p.fail("REDIS_SSL_KEY", "", "not set, but REDIS_SSL_CERT is; a client certificate needs both")
	}
	if s.SSL {
		if !s.SSLVerify {
			p.warn(unverified)
		}
		return
	}
	// Not REDIS_SSL_VERIFY: BunkerWeb writes that one, like all of its settings, whether it is used or not.
	for _, name := range []string{"REDIS_SSL_CA", "REDIS_SSL_CA_DIR", "REDIS_SSL_CERT", "REDIS_SSL_KEY", "REDIS_SSL_SERVER_NAME"} {
		if p.given[name] {
			p.warn(name + " is set but REDIS_SSL is no, so it is not used")
		}
	}
}

func (p *settingsParser) checkSentinel() {
	if p.given["REDIS_SENTINEL_HOSTS"] {
		if p.given["REDIS_HOST"] {
			p.warn("REDIS_HOST is set but not used: REDIS_SENTINEL_HOSTS says where to ask for the server")
		}
		return
	}
	for _, name := range []string{"REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD", "REDIS_SENTINEL_MASTER"} {
		if p.given[name] && (name != "REDIS_SENTINEL_MASTER" || p.s.SentinelMaster != defaultMaster) {
			p.warn(name + " is set but not used: REDIS_SENTINEL_HOSTS is not set")
		}
	}
}
