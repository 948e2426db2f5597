package bwstate_test

import (
	"context"
	"testing"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/internal/conformance"
	"github.com/stretchr/testify/require"
)

func TestConformanceOfTheEmbeddedStore(t *testing.T) {
	conformance.Run(t, func(t *testing.T) *bwstate.State {
		state, err := bwstate.Open(context.Background(), bwstate.Settings{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, state.Close()) })
		return state
	})
}
