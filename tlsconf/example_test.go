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
