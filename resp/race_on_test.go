//go:build race

package resp

// The race detector allocates on its own.
const raceEnabled = true
