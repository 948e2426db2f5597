package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	scratchStart = "bwredis-integration-" // the rest of the directory's name is the owner
	socketName   = "s"                    // in a container's home
	socketMax    = 107                    // bytes in a Unix socket's path (unix(7))
)

// daemonIsHere reports whether containers can share directories and sockets with this machine: a daemon
// elsewhere, or one in a virtual machine, as it is where this is not Linux, can not.
func daemonIsHere() bool {
	return runtime.GOOS == "linux" && strings.HasPrefix(session.client.Endpoint(), "unix://")
}

// scratchParents are where a session's scratch directory may be: in memory rather than on a disk, because
// Sentinels wait for the disk after each thing they learn, and one that has waited for two seconds, while
// something else keeps the disk busy, does nothing for thirty more (TILT mode).
func scratchParents() []string { return []string{"/dev/shm", os.TempDir()} }

func makeScratch(owner string) (dir string, err error) {
	for _, parent := range scratchParents() {
		dir = filepath.Join(parent, scratchStart+owner)
		if err = os.Mkdir(dir, 0o755); err == nil {
			return dir, nil
		}
	}
	return "", err
}

// removeScratch removes the scratch directories of test runs that have ended.
func removeScratch() {
	for _, parent := range scratchParents() {
		dirs, _ := filepath.Glob(filepath.Join(parent, scratchStart+"*"))
		for _, dir := range dirs {
			o, ok := parseOwner(strings.TrimPrefix(filepath.Base(dir), scratchStart))
			if ok && o.gone() {
				_ = os.RemoveAll(dir)
			}
		}
	}
}

// newHome makes the directory of this machine that becomes a container's home, or returns "" where there
// can be none, and the container has a home of its own.
func newHome() (string, error) {
	if !daemonIsHere() {
		return "", nil
	}
	dir, err := os.MkdirTemp(session.scratch, "c")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o777) // root in the container may be nobody here
}

// socketIn returns the path of the socket of the server with that home.
func socketIn(dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	path := filepath.Join(dir, socketName)
	if len(path) > socketMax {
		return "", fmt.Errorf("%s is longer than a socket's path may be (%d bytes), set TMPDIR to a shorter one", path, socketMax)
	}
	return path, nil
}
