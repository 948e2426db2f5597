package bwstate

import (
	"strconv"
	"strings"
)

// This file is how BunkerWeb 1.6.13 reads its settings, wrong as that may be. Its tests compare it with what running
// components made of the same settings.

// bunkerwebDefaults are BunkerWeb's own, which are not the documented ones; where nothing is said here they are empty.
var bunkerwebDefaults = map[string]string{
	"USE_REDIS": "no", "REDIS_PORT": "6379", "REDIS_DATABASE": "0", "REDIS_SSL": "no", "REDIS_SSL_VERIFY": "no",
	"REDIS_TIMEOUT": "1000", "REDIS_KEEPALIVE_IDLE": "30000", "REDIS_KEEPALIVE_POOL": "10",
}

// left stands for a number that a component leaves to what is below it, because the text is none.
const left = -1

// nodeOptions are what a node tells its connector; times are in milliseconds.
type nodeOptions struct {
	Host                       string
	Port, Database             int
	Sentinels                  []textHost
	Master, Username, Password string
	Timeout, Idle, Pool        int
	SSL, SSLVerify             bool
}

// textHost is a host with a port that need not be a number.
type textHost struct{ Host, Port string }

// readAsNode reads the settings as nodes do, in Lua.
func readAsNode(texts func(name string) string) nodeOptions {
	return nodeOptions{
		Host:      texts("REDIS_HOST"),
		Port:      luaNumber(texts("REDIS_PORT")),
		Database:  luaNumber(texts("REDIS_DATABASE")),
		Sentinels: luaSentinels(texts("REDIS_SENTINEL_HOSTS")),
		Master:    texts("REDIS_SENTINEL_MASTER"),
		Username:  texts("REDIS_USERNAME"),
		Password:  texts("REDIS_PASSWORD"),
		Timeout:   luaNumber(texts("REDIS_TIMEOUT")),
		Idle:      luaNumber(texts("REDIS_KEEPALIVE_IDLE")),
		Pool:      luaNumber(texts("REDIS_KEEPALIVE_POOL")),
		SSL:       texts("REDIS_SSL") == "yes",
		SSLVerify: texts("REDIS_SSL_VERIFY") == "yes",
	}
}

func luaNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || !onlyDigits(text) {
		return left
	}
	return n
}

// luaSentinels takes the characters in front of the first colon, and the digits behind it.
func luaSentinels(text string) (all []textHost) {
	for _, entry := range strings.Fields(text) {
		host, rest, _ := strings.Cut(entry, ":")
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		if digits == "" {
			digits = strconv.Itoa(defaultSentinelPort)
		}
		all = append(all, textHost{host, digits})
	}
	return all
}

// pythonOptions are what the UI and bwcli tell redis-py; the timeout is in milliseconds.
type pythonOptions struct {
	Host                          string
	Port, Database, Timeout, Pool int
	Sentinels                     []textHost
	Master, Username, Password    string
	SSL                           bool

	// Reset names the first setting that is no number to Python, because of which four of them are at their defaults.
	Reset string
}

// readAsPython reads the settings as the UI and bwcli do.
func readAsPython(texts func(name string) string) pythonOptions {
	o := pythonOptions{
		Host:      texts("REDIS_HOST"),
		Port:      luaNumber(texts("REDIS_PORT")),
		Database:  luaNumber(texts("REDIS_DATABASE")),
		Timeout:   luaNumber(texts("REDIS_TIMEOUT")),
		Pool:      luaNumber(texts("REDIS_KEEPALIVE_POOL")),
		Sentinels: pythonSentinels(texts("REDIS_SENTINEL_HOSTS")),
		Master:    texts("REDIS_SENTINEL_MASTER"),
		Username:  texts("REDIS_USERNAME"),
		Password:  texts("REDIS_PASSWORD"),
		SSL:       texts("REDIS_SSL") == "yes",
	}
	switch left {
	case o.Port:
		o.Reset = "REDIS_PORT"
	case o.Database:
		o.Reset = "REDIS_DATABASE"
	case o.Timeout:
		o.Reset = "REDIS_TIMEOUT"
	case o.Pool:
		o.Reset = "REDIS_KEEPALIVE_POOL"
	}
	if o.Reset != "" {
		o.Port, o.Database, o.Timeout, o.Pool = 6379, 0, 1000, 10
	}
	return o
}

// pythonSentinels cuts at the first colon and keeps what is behind it as it is.
func pythonSentinels(text string) (all []textHost) {
	for _, entry := range strings.Fields(text) {
		host, port, found := strings.Cut(entry, ":")
		if !found {
			port = strconv.Itoa(defaultSentinelPort)
		}
		all = append(all, textHost{host, port})
	}
	return all
}
