//go:build race

package bwstate_test

const raceEnabled = true
