// Command cluster shows two nodes that share one state. Node A creates a session and counts bad requests from an address until the address is banned; node B finds
// the session, sees the ban, and lifts it.
//
// Without any environment the state is the embedded store of this process. With USE_REDIS=yes and the REDIS_* settings, from the environment or from a file
// named with -env, it is that server, and each node has connections of its own.
//
// It exits with 2 when a setting cannot be used, and with 1 when something fails on the way.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

// Exit codes.
const (
	succeeded = 0
	failed    = 1
	misused   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program, apart from the process it runs in.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.SetOutput(stderr)
	envFile := flags.String("env", "", "read settings from this `file`, such as BunkerWeb's variables.env; the environment goes first")
	pace := flags.Duration("pace", 0, "wait this long between steps")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return succeeded
		}
		return misused
	}
	settings, err := readSettings(getenv, *envFile)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return misused
	}
	for _, warning := range settings.Warnings {
		fmt.Fprintln(stderr, "warning:", warning)
	}
	if err := demonstrate(ctx, settings, *pace, stdout); err != nil {
		fmt.Fprintln(stderr, err)
		var setting *bwstate.SettingError
		if errors.As(err, &setting) {
			return misused
		}
		return failed
	}
	return succeeded
}

// readSettings reads the environment and, behind it, a file.
func readSettings(getenv func(string) string, envFile string) (bwstate.Settings, error) {
	if envFile == "" {
		return bwstate.ParseSettings(getenv)
	}
	file, err := bwstate.ReadEnvFile(envFile)
	if err != nil {
		return bwstate.Settings{}, err
	}
	return bwstate.ReadSettings(bwstate.Source{Name: "environment", Get: getenv}, file)
}

// demonstrate opens the two nodes and lets them work.
func demonstrate(ctx context.Context, settings bwstate.Settings, pace time.Duration, out io.Writer) error {
	t := &transcript{out: out, pace: pace}
	a, err := bwstate.Open(ctx, settings)
	if err != nil {
		return err
	}
	defer a.Close()
	b := a // in one process, the nodes share the embedded store itself
	if settings.UseRedis {
		if b, err = bwstate.Open(ctx, settings); err != nil {
			return err
		}
		defer b.Close()
	}
	if err := t.introduce(ctx, a, settings); err != nil {
		return err
	}
	if err := newScene(t, a, b).play(ctx); err != nil {
		return err
	}
	t.conclude()
	return nil
}
