package bwstate_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/internal/redistest"
)

// What a URL says is what is connected to, with a password that has to be encoded.
func TestOpenFromAURL(t *testing.T) {
	const password = "p@ss/w:rd #?%+"
	encoded := strings.ReplaceAll(url.QueryEscape(password), "+", "%20")
	ca := redistest.NewCA(t)
	h := redistest.Override(map[string]redistest.Handler{"ROLE": masterRole}, redistest.Redis(redistest.Options{Users: map[string]string{"app": password}}))
	plain, secure := redistest.NewServer(t, h), redistest.NewTLSServer(t, h, ca.ServerConfig(ca.Server()))
	sentinel := redistest.NewServer(t, setOf(t, plain.Addr())).Addr()
	for name, text := range map[string]string{
		"redis":          "redis://app:" + encoded + "@" + plain.Addr() + "/3",
		"valkeys":        "valkeys://app:" + encoded + "@" + secure.Addr() + "/3?ssl_ca=" + url.PathEscape(ca.File),
		"redis+sentinel": "redis+sentinel://app:" + encoded + "@" + sentinel + "/mymaster/3?sentinel_password=of%20the%20sentinels",
	} {
		t.Run(name, func(t *testing.T) {
			settings, err := bwstate.ReadSettings(bwstate.FromURL(text))
			require.NoError(t, err)
			require.Equal(t, 3, settings.Database)
			state, err := bwstate.Open(t.Context(), settings)
			require.NoError(t, err)
			works(t, state)
			require.NoError(t, state.Close())
		})
	}
	require.Contains(t, plain.Commands(), "SELECT 3")
}
