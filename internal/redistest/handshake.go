package redistest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// The commands of a handshake, as networking.c, acl.c and db.c of Redis answer them.

const (
	errWrongPass   = "WRONGPASS invalid username-password pair or user is disabled."
	errNoPassword  = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	errHelloNoAuth = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> " +
		"option can be used to authenticate the client and select the RESP protocol version at the same time"
	errSyntax     = "ERR syntax error"
	errNotInteger = "ERR value is not an integer or out of range"
)

// hello changes the protocol only when everything else it was told to do has succeeded.
func (s *redis) hello(c *Session, args []string) {
	if s.HelloError != "" {
		c.Error(s.HelloError)
		return
	}
	proto, args := c.Protocol(), args[1:]
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil {
			c.Error("ERR Protocol version is not an integer or out of range")
			return
		}
		if n < 2 || n > 3 {
			c.Error("NOPROTO unsupported protocol version")
			return
		}
		proto, args = n, args[1:]
	}
	if msg := s.helloOptions(c, args); msg != "" {
		c.Error(msg)
		return
	}
	c.SetProtocol(proto)
	s.serverInfo(c, proto)
}

// helloOptions carries out what follows the version, and returns the error if that fails. All is parsed before anything is done.
func (s *redis) helloOptions(c *Session, args []string) (msg string) {
	var credentials []string
	name, named := "", false
	for len(args) > 0 {
		switch option := args[0]; {
		case strings.EqualFold(option, "AUTH") && len(args) > 2:
			credentials, args = args[1:3], args[3:]
		case strings.EqualFold(option, "SETNAME") && len(args) > 1:
			if name, named = args[1], true; !validName(name) {
				return errClientName
			}
			args = args[2:]
		default:
			return fmt.Sprintf("ERR Syntax error in HELLO option '%s'", option)
		}
	}
	if credentials != nil && !s.login(c, credentials[0], credentials[1]) {
		return errWrongPass
	}
	if !s.authenticated(c) {
		return errHelloNoAuth
	}
	if named {
		c.Name = name
	}
	return ""
}

func (s *redis) serverInfo(c *Session, proto int) {
	mode, role := cmp.Or(s.mode, "standalone"), "master"
	if s.role != nil {
		role = s.role()
	}
	if role == "" {
		c.Map(6)
	} else {
		c.Map(7)
	}
	c.Bulk("server")
	c.Bulk("redis")
	c.Bulk("version")
	c.Bulk(s.Version)
	c.Bulk("proto")
	c.Int(int64(proto))
	c.Bulk("id")
	c.Int(c.ID)
	c.Bulk("mode")
	c.Bulk(mode)
	if role != "" {
		c.Bulk("role")
		c.Bulk(role)
	}
	c.Bulk("modules")
	c.Array(0)
}

func (s *redis) auth(c *Session, args []string) {
	switch {
	case s.NoHello:
		s.oldAuth(c, args)
	case len(args) > 3:
		c.Error(errSyntax)
	case len(args) == 2 && s.open():
		c.Error(errNoPassword)
	case len(args) == 2 && s.login(c, "default", args[1]), len(args) == 3 && s.login(c, args[1], args[2]):
		c.Simple("OK")
	default:
		c.Error(errWrongPass)
	}
}

// oldAuth is AUTH of Redis 5, which knows one password and no users.
func (s *redis) oldAuth(c *Session, args []string) {
	switch {
	case len(args) != 2:
		c.Error(wrongArity("auth"))
	case s.Password == "":
		c.Error("ERR Client sent AUTH, but no password is set")
	case args[1] != s.Password:
		c.Error("ERR invalid password")
	default:
		c.User = "default"
		c.Simple("OK")
	}
}

// open reports whether the user default needs no password.
func (s *redis) open() bool { return s.Password == "" && len(s.Users) == 0 }

func (s *redis) authenticated(c *Session) bool { return c.User != "" || s.open() }

func (s *redis) user(c *Session) string {
	if c.User == "" {
		return "default"
	}
	return c.User
}

// login leaves who is logged in alone when it fails, as servers do.
func (s *redis) login(c *Session, user, password string) bool {
	want, ok := s.Users[user]
	if user == "default" && !ok {
		want, ok = s.Password, s.Password != ""
		if s.open() {
			want, ok = password, true
		}
	}
	if !ok || password != want {
		return false
	}
	c.User = user
	return true
}

func (s *redis) selectDB(c *Session, args []string) {
	db, err := strconv.Atoi(args[1])
	switch {
	case err != nil && s.NoHello:
		c.Error("ERR invalid DB index")
	case err != nil:
		c.Error(errNotInteger)
	case db < 0 || db >= s.Databases:
		c.Error("ERR DB index is out of range")
	default:
		c.DB = db
		c.Simple("OK")
	}
}

const errClientName = "ERR Client names cannot contain spaces, newlines or special characters."

func validName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' })
}

func (s *redis) client(c *Session, args []string) {
	sub := strings.ToUpper(args[1])
	want, known := map[string]int{"ID": 2, "GETNAME": 2, "SETNAME": 3, "SETINFO": 4}[sub]
	switch {
	case !known || s.NoHello && sub == "SETINFO":
		c.Error(fmt.Sprintf("ERR unknown subcommand '%s'. Try CLIENT HELP.", args[1]))
	case len(args) != want:
		c.Error(wrongArity("client|" + sub))
	case sub == "ID":
		c.Int(c.ID)
	case sub == "GETNAME" && c.Name == "":
		c.Null()
	case sub == "GETNAME":
		c.Bulk(c.Name)
	case sub == "SETNAME" && !validName(args[2]):
		c.Error(errClientName)
	case sub == "SETNAME":
		c.Name = args[2]
		c.Simple("OK")
	default:
		c.Simple("OK")
	}
}
