// Command settings tells which settings are in force, where each is from, and what BunkerWeb itself would make of them. It connects to nothing.
//
// Settings come from -url, then from the environment, then from the file of -env. It exits with 2 when one of them cannot be used.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/bwredis/bwredis/bwstate"
)

// Exit codes.
const (
	succeeded = 0
	misused   = 2
)

func main() {
	os.Exit(run(os.Args[1:], bwstate.Environment(), os.Stdout, os.Stderr))
}

// run is the program, apart from the process it runs in.
func run(args []string, environment bwstate.Source, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("settings", flag.ContinueOnError)
	flags.SetOutput(stderr)
	url := flags.String("url", "", "a `URL` with settings, which goes first; others see a password in it, so leave that to its password_file")
	envFile := flags.String("env", "", "read settings from this `file`, such as BunkerWeb's variables.env; the environment goes before it")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return succeeded
		}
		return misused
	}
	settings, err := read(*url, environment, *envFile)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return misused
	}
	show(stdout, settings)
	return succeeded
}

func read(url string, environment bwstate.Source, envFile string) (bwstate.Settings, error) {
	fromFlag := bwstate.FromURL(url)
	fromFlag.Name = "-url"
	if envFile == "" {
		return bwstate.ReadSettings(fromFlag, environment)
	}
	file, err := bwstate.ReadEnvFile(envFile)
	if err != nil {
		return bwstate.Settings{}, err
	}
	return bwstate.ReadSettings(fromFlag, environment, file)
}

func show(out io.Writer, settings bwstate.Settings) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, setting := range settings.Effective() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", setting.Name, setting.Value, setting.Source)
	}
	table.Flush()
	for _, warning := range settings.Warnings {
		fmt.Fprintln(out, "\nwarning:", warning)
	}
	for i, difference := range settings.Parity() {
		if i == 0 {
			fmt.Fprintln(out, "\nBunkerWeb itself, with the same settings:")
		}
		fmt.Fprintln(out, " ", difference)
	}
}
