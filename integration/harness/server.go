package harness

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bwredis/bwredis/integration/certs"
)

const (
	host         = "127.0.0.1" // every port is published here and nowhere else
	startTimeout = 30 * time.Second
)

// Server is a running server, a member of a [SentinelSet] or not. Its fields do not change, whatever the
// verbs do to it. Methods may be called from several goroutines at a time.
type Server struct {
	Version  Version
	Host     string     // always 127.0.0.1
	Port     int        // plain; 0 where all is TLS, as in a Sentinel set that has TLS
	Addr     string     // Host:Port; empty where Port is 0
	TLSPort  int        // 0 without TLS
	TLSAddr  string     // Host:TLSPort; empty without TLS
	Socket   string     // path of a Unix socket; empty where none was asked for or there can be none
	Username string     // whose Password is; empty is the default user
	Password string     // empty: none is asked for
	Certs    *certs.Set // nil without TLS

	t         testing.TB
	c         *container
	databases *databasePool
	shared    bool         // verbs that break it are refused
	tls       *TLS         // nil without
	inside    int          // the port it is reached by from within the container, and whether that is TLS
	secure    bool         //
	started   func() error // runs whenever the server has come up; may be nil
}

// Start runs a server of its own for the test and waits until it answers. It is removed when the test ends.
func Start(t testing.TB, config Config) *Server {
	t.Helper()
	need(t)
	s, err := startServer(t, config)
	if err != nil {
		t.Fatalf("harness: start %s: %v", config.Version, err)
	}
	t.Cleanup(s.c.remove)
	return s
}

var sharedServers sync.Map // Version -> func() (*Server, error), which starts it once

// Shared returns a server without password or TLS that all tests of this process share; it ends with
// [Main]. A test keeps to a database of its own, see [Server.Database], and does nothing that the others
// would notice: verbs that break the server fail the test.
func Shared(t testing.TB, v Version) *Server {
	t.Helper()
	need(t)
	once, _ := sharedServers.LoadOrStore(v, sync.OnceValues(func() (*Server, error) {
		return startServer(nil, Config{Version: v})
	}))
	s, err := once.(func() (*Server, error))()
	if err != nil {
		t.Fatalf("harness: start shared %s: %v", v, err)
	}
	view := *s
	view.t, view.shared = t, true
	return &view
}

func startServer(t testing.TB, config Config) (*Server, error) {
	s := &Server{
		Version: config.Version, Host: host, Password: config.Password,
		t: t, databases: newDatabasePool(), tls: config.TLS, inside: plainPort,
	}
	image, err := imageName(config.Version)
	if err != nil {
		return nil, err
	}
	sp := spec{
		image:   image,
		command: append([]string{config.Version.server(), home + "/server.conf"}, config.Args...),
		files:   []file{{"server.conf", []byte(config.file())}},
		ports:   []int{plainPort},
	}
	if config.TLS != nil {
		sp.ports = append(sp.ports, tlsPort)
		if err := s.addCerts(&sp); err != nil {
			return nil, err
		}
	}
	if err := s.run(sp, plainPort, tlsPort); err != nil || !config.UnixSocket {
		return s, err
	}
	s.Socket, err = socketIn(s.c.home)
	return s, err
}

func (s *Server) addCerts(sp *spec) error {
	set, err := sessionCerts()
	if err != nil {
		return err
	}
	s.Certs = set
	sp.files = append(sp.files, s.tls.files(set)...)
	return nil
}

// run starts the container, notes where plain and secure, ports inside, are published, and waits for the
// server. When it fails nothing is left.
func (s *Server) run(sp spec, plain, secure int) error {
	c, err := runContainer(sp)
	if err != nil {
		return err
	}
	s.c = c
	s.Port, s.TLSPort = c.published[plain], c.published[secure]
	if s.Port != 0 {
		s.Addr = net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	}
	if s.TLSPort != 0 {
		s.TLSAddr = net.JoinHostPort(s.Host, strconv.Itoa(s.TLSPort))
	}
	if err := s.awaitUp(); err != nil {
		c.remove()
		return err
	}
	return nil
}

// awaitUp waits until the server answers, and then for what else belongs to its start.
func (s *Server) awaitUp() error {
	polls := 0
	err := poll(startTimeout, 20*time.Millisecond, func() error {
		err := s.ping()
		if polls++; err != nil && polls%20 == 0 {
			if ended := s.c.exited(); ended != nil {
				return giveUp{ended}
			}
		}
		return err
	})
	if err == nil && s.started != nil {
		err = poll(startTimeout, 20*time.Millisecond, s.started)
	}
	return s.explain(err)
}

// explain adds the server's last log lines to an error.
func (s *Server) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\nlast lines of %s:\n%s", err, s.Version, s.c.logs("15"))
}

// ping reports whether the server answers and is not loading. Being refused is an answer: a test may have
// locked the harness out.
func (s *Server) ping() error {
	w, err := s.dial()
	if err == nil {
		defer w.close()
		_, err = w.do("PING")
	}
	var refusal replyError
	if errors.As(err, &refusal) {
		code, _, _ := strings.Cut(string(refusal), " ")
		if code == "NOAUTH" || code == "NOPERM" || code == "WRONGPASS" {
			return nil
		}
	}
	return err
}

// dial opens a connection of the harness's own.
func (s *Server) dial() (*wire, error) {
	addr, config := s.Addr, (*tls.Config)(nil)
	if addr == "" {
		addr, config = s.TLSAddr, probeTLS(s.Certs)
	}
	return dialWire(addr, config, s.Username, s.Password)
}

// ask sends one command over a connection of the harness's own.
func (s *Server) ask(args ...string) (any, error) {
	w, err := s.dial()
	if err != nil {
		return nil, err
	}
	defer w.close()
	return w.do(args...)
}
