// Package harness runs real Redis and Valkey servers in containers for the integration tests: one line
// for a server or a Sentinel set, and verbs to break and mend it.
//
// Every test package calls [Main] from its TestMain. Servers answer on 127.0.0.1 only, are removed when
// their test ends, and when a run is killed its servers are removed by the next one.
//
// Functions that take a [testing.TB], and the methods of what they return, report trouble by failing that
// test. They may be called from any goroutine; FailNow then ends that goroutine.
package harness

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ory/dockertest/v3"
	"github.com/ory/dockertest/v3/docker"

	"github.com/bwredis/bwredis/integration/certs"
)

const (
	ownerLabel = "org.bwredis.test" // on containers and networks: who made them

	dockerTimeout = 60 * time.Second // for one call to the daemon: generous, two cores may be starting ten servers
)

// session is what one test process has; Main sets it before any test runs.
var session struct {
	client  *docker.Client
	owner   string
	scratch string // a directory of our own, removed by Main
}

// Main is for TestMain: it runs the package's tests, with whatever servers they ask for, and removes those
// that are left. Without a Docker daemon it says so in one line and runs no test, which counts as success,
// or as failure when the environment says BWREDIS_REQUIRE_DOCKER=1.
func Main(m *testing.M) {
	client, err := connect()
	if err != nil {
		os.Exit(withoutDocker(err))
	}
	session.client, session.owner = client, self().String()
	removeLeftovers(client)
	if session.scratch, err = makeScratch(session.owner); err != nil {
		fmt.Fprintln(os.Stderr, "integration tests:", err)
		os.Exit(1)
	}
	waitInParallel()
	code := m.Run()
	removeOwned(client, func(o owner) bool { return o.String() == session.owner })
	_ = os.RemoveAll(session.scratch)
	os.Exit(code)
}

// waitInParallel lets more tests run at a time than there are processors, unless the command line says how
// many: most of the time they wait for servers.
func waitInParallel() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(2*max(2, runtime.GOMAXPROCS(0))))
	}
}

func connect() (*docker.Client, error) {
	pool, err := dockertest.NewPool("")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return pool.Client, pool.Client.PingWithContext(ctx)
}

// withoutDocker explains and returns the exit code.
func withoutDocker(err error) int {
	if os.Getenv("BWREDIS_REQUIRE_DOCKER") == "1" {
		fmt.Fprintf(os.Stderr, "integration tests: BWREDIS_REQUIRE_DOCKER=1, but no Docker daemon answers: %v\n", err)
		return 1
	}
	fmt.Fprintf(os.Stderr, "integration tests: left out the tests against real servers, no Docker daemon answers (%v); "+
		"start one, or set DOCKER_HOST\n", err)
	return 0
}

// need fails the test when the package forgot Main.
func need(t testing.TB) {
	t.Helper()
	if session.client == nil {
		t.Fatal("harness: TestMain must call harness.Main")
	}
}

var sessionCerts = sync.OnceValues(func() (*certs.Set, error) {
	if session.scratch == "" {
		return nil, errors.New("TestMain must call harness.Main")
	}
	dir := filepath.Join(session.scratch, "certs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return certs.New(dir)
})

// Certificates returns the certificates of this test run: all its servers use them, and their files exist
// until [Main] ends.
func Certificates(t testing.TB) *certs.Set {
	t.Helper()
	set, err := sessionCerts()
	if err != nil {
		t.Fatalf("harness: certificates: %v", err)
	}
	return set
}
