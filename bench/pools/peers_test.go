package main

import (
	"slices"
	"testing"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/versus"
)

// Whoever is a peer is measured, but with pipelines that are those of another.
func TestPeersTakePart(t *testing.T) {
	s := newFake().site(t)
	for _, e := range guarded(s.tcp) {
		for _, c := range clients.Peers() {
			if c.Single && e.Name == batched {
				continue
			}
			if !slices.ContainsFunc(e.Contenders, func(o versus.Contender) bool { return o.Name == c.Name }) {
				t.Errorf("%s is without %s", e.Name, c.Name)
			}
		}
	}
}
