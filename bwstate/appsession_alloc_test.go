package bwstate_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
)

// canned answers everything with one frame, and allocates nothing.
type canned struct {
	frame []byte
	reply resp.Reply
}

func (c *canned) RoundTrip(_ context.Context, _ *resp.Request, h resp.Handler) error {
	c.reply.Reset(c.frame)
	return h.HandleReply(0, &c.reply)
}

// answering makes sessions whose store answers with what is stored for a session.
func answering(t testing.TB, keys ...bwstate.Secret) (ss *bwstate.AppSessions, s bwstate.AppSession, c *canned) {
	local, err := bwstate.Open(context.Background(), bwstate.Settings{})
	require.NoError(t, err)
	defer local.Close()
	cfg := bwstate.AppSessionConfig{Name: "app", Keys: keys}
	stored, err := local.AppSessions(cfg)
	require.NoError(t, err)
	s, err = stored.Create(context.Background(), "alice", make([]byte, 500))
	require.NoError(t, err)
	v, err := local.Do(context.Background(), "GET", "bwredis:session:app:"+s.Handle)
	require.NoError(t, err)
	text, err := v.Text()
	require.NoError(t, err)
	c = &canned{frame: resp.AppendBulk(nil, text)}
	ss, err = bwstate.New(c).AppSessions(cfg)
	require.NoError(t, err)
	return ss, s, c
}

// What an operation allocates, besides what is behind the RoundTripper: handle, key, and what the caller gets. Encryption adds what HMAC, AES and GCM need.
func TestAllocationsOfAppSessions(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for name, c := range map[string]struct {
		keys                           []bwstate.Secret
		load, touch, save, create, inf float64
	}{
		"plain":     {nil, 6, 6, 5, 7, 2},
		"encrypted": {[]bwstate.Secret{bwstate.NewAppSessionKey()}, 16, 16, 15, 17, 2},
	} {
		t.Run(name, func(t *testing.T) {
			ss, s, _ := answering(t, c.keys...)
			ctx := context.Background()
			measure := func(what string, most float64, call func() error) {
				t.Helper()
				n := testing.AllocsPerRun(500, func() {
					if err := call(); err != nil {
						t.Fatal(err)
					}
				})
				t.Logf("%s: %v", what, n)
				require.LessOrEqual(t, n, most, what)
			}
			measure("Load", c.load, func() error { _, _, err := ss.Load(ctx, string(s.Token)); return err })
			measure("Touch", c.touch, func() error { _, _, err := ss.Touch(ctx, string(s.Token)); return err })
			measure("Save", c.save, func() error { _, err := ss.Save(ctx, &s); return err })
			measure("Create", c.create, func() error { _, err := ss.Create(ctx, "alice", s.Data); return err })
			measure("Info", c.inf, func() error { _, _, err := ss.Info(ctx, s.Handle); return err })
		})
	}
}

func BenchmarkAppSessions(b *testing.B) {
	for name, keys := range map[string][]bwstate.Secret{"plain": nil, "encrypted": {bwstate.NewAppSessionKey()}} {
		ss, s, _ := answering(b, keys...)
		ctx := context.Background()
		b.Run("load/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = ss.Load(ctx, string(s.Token))
			}
		})
		b.Run("save/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = ss.Save(ctx, &s)
			}
		})
	}
	b.Run("bare cryptography", func(b *testing.B) { // what encryption costs at least
		b.ReportAllocs()
		key, label, body, dst := make([]byte, 32), make([]byte, 73), make([]byte, 506), make([]byte, 0, 1024)
		for b.Loop() {
			mac := hmac.New(sha256.New, key)
			_, _ = mac.Write(label)
			block, _ := aes.NewCipher(mac.Sum(nil))
			aead, _ := cipher.NewGCMWithRandomNonce(block)
			aead.Seal(dst, nil, body, label)
		}
	})
}

// To end all of many costs for each session what it costs for one: nothing is gone through, or written, as a whole for each.
func TestEndingManyAppSessionsCostsNoMoreForEach(t *testing.T) {
	const sessions, most = 3000, 10 << 10 // bytes for each
	state, err := bwstate.Open(t.Context(), bwstate.Settings{})
	require.NoError(t, err)
	defer state.Close()
	ss, err := state.AppSessions(bwstate.AppSessionConfig{Name: "app"})
	require.NoError(t, err)
	for range sessions {
		_, err := ss.Create(t.Context(), "alice", nil)
		require.NoError(t, err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := ss.RevokeAll(t.Context(), "alice")
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, sessions, n)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/sessions, uint64(most))
}
