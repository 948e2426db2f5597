package bwstate_test

import (
	"fmt"

	"github.com/bwredis/bwredis/bwstate"
)

func ExampleParseSettings() {
	values := map[string]string{
		"USE_REDIS": "yes", "REDIS_HOST": "redis.example.com", "REDIS_PASSWORD": "s3cret", "REDIS_TIMEOUT": "1000",
	}
	s, err := bwstate.ParseSettings(func(name string) string { return values[name] })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Network(), s.Addr(), s.Password, s.Timeout)
	for _, warning := range s.Warnings {
		fmt.Println("warning:", warning)
	}

	values["REDIS_PORT"] = "70000"
	values["REDIS_SSL"] = "maybe"
	_, err = bwstate.ParseSettings(func(name string) string { return values[name] })
	fmt.Println(err)
	// Output:
	// tcp redis.example.com:6379 [hidden] 16m40s
	// warning: REDIS_TIMEOUT=1000 is read as 16m40s: looks like milliseconds, as newer BunkerWeb releases write; set BWREDIS_TIME_UNIT=milliseconds or write 1000ms
	// bwstate: 2 settings cannot be used:
	// 	REDIS_PORT="70000": out of range: must be from 1 to 65535
	// 	REDIS_SSL="maybe": must be yes or no
}

func ExampleReadSettings() {
	file, err := bwstate.ReadEnvFile("testdata/settings.env")
	if err != nil {
		fmt.Println(err)
		return
	}
	environment := bwstate.FromMap("environment", map[string]string{ // bwstate.Environment() in a program
		"BWREDIS_URL": "rediss+sentinel://app:p%40ss@sentinel-1,sentinel-2/main/2?timeout=1500ms",
	})
	s, err := bwstate.ReadSettings(environment, file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, setting := range s.Effective() {
		if setting.Source != "default" {
			fmt.Printf("%s=%s (%s)\n", setting.Name, setting.Value, setting.Source)
		}
	}
	// Output:
	// BWREDIS_URL=[hidden] (environment)
	// USE_REDIS=yes (environment, BWREDIS_URL)
	// REDIS_PORT=6390 (file testdata/settings.env)
	// REDIS_DATABASE=2 (environment, BWREDIS_URL)
	// REDIS_USERNAME=app (environment, BWREDIS_URL)
	// REDIS_PASSWORD=[hidden] (environment, BWREDIS_URL)
	// REDIS_SSL=yes (environment, BWREDIS_URL)
	// REDIS_TIMEOUT=1.5s (environment, BWREDIS_URL)
	// REDIS_SENTINEL_HOSTS=sentinel-1:26379 sentinel-2:26379 (environment, BWREDIS_URL)
	// REDIS_SENTINEL_PASSWORD=[hidden] (file testdata/settings.env)
	// REDIS_SENTINEL_MASTER=main (environment, BWREDIS_URL)
	// REDIS_SENTINEL_SSL=yes (as REDIS_SSL)
	// REDIS_SENTINEL_SSL_VERIFY=yes (as REDIS_SSL_VERIFY)
}

func ExampleSettings_Parity() {
	s, err := bwstate.ReadSettings(bwstate.FromMap("", map[string]string{
		"USE_REDIS": "yes", "REDIS_HOST": "10.0.0.5", "REDIS_TIMEOUT": "5", "REDIS_KEEPALIVE_IDLE": "300", "REDIS_KEEPALIVE_POOL": "3",
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, difference := range s.Parity() {
		fmt.Println(difference)
	}
	// Output:
	// REDIS_TIMEOUT, lua: waits 5ms, as numbers are milliseconds; here: waits 5s
	// REDIS_TIMEOUT, python: waits 5ms, as numbers are milliseconds; here: waits 5s
	// REDIS_KEEPALIVE_IDLE, lua: keeps unused connections for 300ms, as numbers are milliseconds; here: keeps unused connections for 5m0s
	// REDIS_KEEPALIVE_IDLE, python: does not read it; here: keeps unused connections for 5m0s
	// REDIS_KEEPALIVE_POOL, lua: keeps 3 unused connections in each worker process, and opens any number; here: keeps 3 connections, which all callers share
	// REDIS_KEEPALIVE_POOL, python: opens 3 connections at most; here: keeps 3 connections, which all callers share
}
