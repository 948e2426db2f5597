//go:build race

package bwstate

const underRace = true
