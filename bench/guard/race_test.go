//go:build race

package main

const (
	raceEnabled = true
	testCounted = 20 // nothing that is counted with the race detector is exact
)
