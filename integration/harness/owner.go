package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// owner identifies a process beyond the life of its pid. It is written on everything a test run creates,
// so that a later run can tell what belongs to a run that still lives from what a killed one left behind.
type owner struct {
	host  string // the machine and, on Linux, its pid namespace: elsewhere the pid means nothing
	boot  string // empty where the system does not say
	pid   int
	start string // the process's start, in clock ticks since boot; empty where the system does not say
}

func self() owner {
	start, _ := processStart(os.Getpid())
	return owner{host: hostID(), boot: bootID(), pid: os.Getpid(), start: start}
}

// String returns the form that is written on labels and in directory names.
func (o owner) String() string {
	return fmt.Sprintf("%s.%s.%d.%s", o.host, o.boot, o.pid, o.start)
}

// parseOwner is the inverse of String.
func parseOwner(s string) (owner, bool) {
	part := strings.Split(s, ".")
	if len(part) != 4 || part[0] == "" {
		return owner{}, false
	}
	pid, err := strconv.Atoi(part[2])
	if err != nil || pid <= 0 {
		return owner{}, false
	}
	return owner{host: part[0], boot: part[1], pid: pid, start: part[3]}, true
}

// gone reports whether the process has certainly ended. Of a process on another host nothing is certain.
func (o owner) gone() bool {
	me := self()
	if o.host != me.host {
		return false
	}
	if o.boot != me.boot {
		return true
	}
	start, alive := processStart(o.pid)
	return !alive || start != o.start
}

// processStart returns when the process started, and whether it runs; a zombie does not. Where there is no
// /proc the start is unknown.
func processStart(pid int) (start string, alive bool) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		p, err := os.FindProcess(pid)
		return "", err == nil && p.Signal(syscall.Signal(0)) == nil
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	// The command's name, second and in parentheses, may hold anything, so count from behind it
	// (proc_pid_stat(5): state is field 3, starttime field 22).
	_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
	field := strings.Fields(rest)
	if len(field) < 20 {
		return "", false
	}
	return field[19], field[0] != "Z" && field[0] != "X"
}

func hostID() string {
	id, err := os.ReadFile("/etc/machine-id")
	if err != nil || len(id) == 0 {
		name, _ := os.Hostname()
		id = []byte(name)
	}
	space, _ := os.Readlink("/proc/self/ns/pid")
	return short(string(id) + space)
}

func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return short(string(id))
}

func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}
