package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// Whoever is a peer is measured, but with pipelines that are those of another, and alone with what only gathers.
func TestPeersTakePart(t *testing.T) {
	_, s := newFake(t)
	for _, e := range s.experiments() {
		for _, c := range clients.Peers() {
			if c.Single || c.Lone && strings.HasSuffix(e.Name, "-1") {
				continue
			}
			if !slices.ContainsFunc(e.Contenders, func(o versus.Contender) bool { return o.Name == c.Name }) {
				t.Errorf("%s is without %s", e.Name, c.Name)
			}
		}
	}
}
