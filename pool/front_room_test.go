package pool

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRoomInFront(t *testing.T) {
	plenty := func() *Pool {
		return &Pool{cfg: Config{Keep: 3, MaxOpen: 50, MaxShare: 1000}, kept: make([]*member, 3), usage: usage{busiest: 40}}
	}
	for name, tc := range map[string]struct {
		change      func(p *Pool)
		load, total int
		room        int
	}{
		"idle connections":                {room: crowded},
		"some requests in flight":         {total: 5, room: crowded - 5},
		"a crowd":                         {total: crowded, room: 0},
		"more than a crowd":               {load: 7, total: 2 * crowded, room: 0},
		"busy connections":                {load: 2, total: 6, room: crowded - 6},
		"a record":                        {change: func(p *Pool) { p.inUse = 38 }, room: 2},
		"no record where they are shared": {change: func(p *Pool) { p.inUse = 40 }, load: 1, total: 3, room: crowded - 3},
		"the limit of those alone":        {change: func(p *Pool) { p.alone = 46 }, room: 1},
		"no limit where they share":       {change: func(p *Pool) { p.alone = 47 }, load: 1, total: 3, room: crowded - 3},
		"MaxShare":                        {change: func(p *Pool) { p.cfg.MaxShare = 2 }, load: 2, total: 6, room: 0},
		"below MaxShare":                  {change: func(p *Pool) { p.cfg.MaxShare = 3 }, load: 2, total: 6, room: crowded - 6},
		"a pool that may grow":            {change: func(p *Pool) { p.kept = p.kept[1:] }, load: 1, total: 2, room: 0},
		"a pool that grows":               {change: func(p *Pool) { p.kept, p.dials = p.kept[1:], []*dial{{}} }, load: 1, total: 2, room: crowded - 2},
		"idle ones of a small pool":       {change: func(p *Pool) { p.kept = p.kept[1:] }, total: 1, room: crowded - 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := plenty()
			if tc.change != nil {
				tc.change(p)
			}
			require.Equal(t, tc.room, p.roomInFrontLocked(tc.load, tc.total))
		})
	}
}

func TestLineup(t *testing.T) {
	var l lineup
	add := func(load int, turns ...uint64) {
		for _, turn := range turns {
			l.add(&member{turn: turn}, load)
		}
	}
	requireTurns := func(load int, want ...uint64) {
		t.Helper()
		var got []uint64
		for _, m := range l.members[:l.n] {
			got = append(got, m.turn)
		}
		require.Equal(t, want, got)
		require.Equal(t, load, l.load)
	}
	add(2, 5, 7, 6)
	requireTurns(2, 7, 6, 5)
	add(3, 9)
	requireTurns(2, 7, 6, 5)
	add(1, 1)
	requireTurns(1, 1)
	add(1, 3, 2, 8, 4, 9, 6, 7, 5)
	requireTurns(1, 9, 8, 7, 6, 5, 4, 3, 2)
	add(1, 0, 10)
	requireTurns(1, 10, 9, 8, 7, 6, 5, 4, 3)
	add(0, 1)
	requireTurns(0, 1)
}
