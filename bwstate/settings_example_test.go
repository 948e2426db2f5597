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
}
