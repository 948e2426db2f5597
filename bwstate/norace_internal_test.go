//go:build !race

package bwstate

const underRace = false
