package tlsconf_test

import (
	"fmt"

	"github.com/bwredis/bwredis/tlsconf"
)

func ExampleSettings_Config() {
	config, err := tlsconf.Settings{Enabled: true, Verify: true, ServerName: "redis.internal"}.Config()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(config.ServerName, config.InsecureSkipVerify)

	_, err = tlsconf.Settings{Enabled: true, Verify: true, CAFile: "missing.pem"}.Config()
	fmt.Println(err)
	// Output:
	// redis.internal false
	// tlsconf: CAFile "missing.pem": cannot be read: no such file or directory
}

func ExampleSettings_Source() {
	source, err := tlsconf.Settings{
		Enabled: true, Verify: false,
		OnWarning: func(e *tlsconf.Error) { fmt.Println("warning:", e) },
	}.Source()
	if err != nil {
		fmt.Println(err)
		return
	}
	config := source.Config() // ask for each dial; it is the same one until a file changes
	fmt.Println(config == source.Config())
	// Output:
	// warning: tlsconf: Verify: off: the server is not checked, so anyone on the path can pose as it and read the password
	// true
}
