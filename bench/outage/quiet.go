package main

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// silent keeps what go-redis logs of an outage from standard error, where progress is told.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(silent{}) }
