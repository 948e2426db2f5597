package pool_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/pool"
)

func TestConfig(t *testing.T) {
	dial := func(context.Context) (*conn.Conn, error) { return nil, nil }
	for name, tc := range map[string]struct {
		cfg  pool.Config
		want []string // in the error; none: there is none
	}{
		"defaults":       {cfg: pool.Config{Dial: dial}},
		"nothing":        {want: []string{"Dial is missing"}},
		"Keep":           {cfg: pool.Config{Dial: dial, Keep: -1}, want: []string{"Config.Keep is negative: -1"}},
		"MaxLifetime":    {cfg: pool.Config{Dial: dial, MaxLifetime: -time.Second}, want: []string{"Config.MaxLifetime is negative: -1s"}},
		"IdleTimeout":    {cfg: pool.Config{Dial: dial, IdleTimeout: -time.Second}, want: []string{"Config.IdleTimeout is negative: -1s"}},
		"DialTimeout":    {cfg: pool.Config{Dial: dial, DialTimeout: -1}, want: []string{"Config.DialTimeout"}},
		"MaxShare":       {cfg: pool.Config{Dial: dial, MaxShare: -1}, want: []string{"Config.MaxShare"}},
		"MaxOpen":        {cfg: pool.Config{Dial: dial, MaxOpen: -1}, want: []string{"Config.MaxOpen is negative"}},
		"Keep only":      {cfg: pool.Config{Dial: dial, Keep: 1000}},
		"one above":      {cfg: pool.Config{Dial: dial, Keep: 4, MaxOpen: 5}},
		"none above":     {cfg: pool.Config{Dial: dial, Keep: 4, MaxOpen: 4}, want: []string{"MaxOpen is 4", "above Config.Keep, 4"}},
		"default Keep":   {cfg: pool.Config{Dial: dial, MaxOpen: 3}, want: []string{"MaxOpen is 3", "above Config.Keep, 3"}},
		"absurd MaxOpen": {cfg: pool.Config{Dial: dial, MaxOpen: 1 << 30}, want: []string{"at most 100000"}},
		"absurd Keep":    {cfg: pool.Config{Dial: dial, Keep: 1 << 30}, want: []string{"at most 100000"}},
		"everything": {
			cfg:  pool.Config{Keep: -1, IdleTimeout: -1, MaxOpen: -7},
			want: []string{"Dial is missing", "Config.Keep", "Config.IdleTimeout", "Config.MaxOpen is negative: -7"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := pool.New(tc.cfg)
			if len(tc.want) == 0 {
				require.NoError(t, err)
				require.NoError(t, p.Close())
				return
			}
			require.Nil(t, p)
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}
