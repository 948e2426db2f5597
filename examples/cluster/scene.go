package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/bwredis/bwredis/bwstate"
)

const (
	service   = "www.example.com"
	threshold = 5
	lifetime  = 30 * time.Minute
)

// A scene is what the two nodes do. All it writes is named for documentation (RFC 5737, RFC 2606) and ends by itself, should something fail half-way.
type scene struct {
	t       *transcript
	a, b    *bwstate.State
	visitor netip.Addr
	id      bwstate.SessionID
	rule    bwstate.BadBehavior
}

func newScene(t *transcript, a, b *bwstate.State) *scene {
	return &scene{
		t: t, a: a, b: b,
		visitor: netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + rand.IntN(254))}),
		id:      bwstate.NewSessionID(),
		rule:    bwstate.BadBehavior{Service: service, Threshold: threshold, BanTime: time.Hour},
	}
}

// play runs all steps, in order, until one fails.
func (sc *scene) play(ctx context.Context) error {
	steps := []struct {
		node   string
		state  *bwstate.State
		action func(context.Context) (string, error)
	}{
		{"node A", sc.a, sc.createSession},
		{"node A", sc.a, sc.misbehave},
		{"node A", sc.a, sc.misbehave},
		{"node A", sc.a, sc.misbehave},
		{"node A", sc.a, sc.misbehave},
		{"node A", sc.a, sc.misbehave},
		{"node B", sc.b, sc.findSession},
		{"node B", sc.b, sc.seeBan},
		{"node B", sc.b, sc.liftBan},
		{"node A", sc.a, sc.seeNoBan},
		{"node A", sc.a, sc.endSession},
	}
	for _, step := range steps {
		action := func() (string, error) { return step.action(ctx) }
		if err := sc.t.step(ctx, step.node, step.state, action); err != nil {
			return err
		}
	}
	return nil
}

func (sc *scene) createSession(ctx context.Context) (string, error) {
	sessions, err := sc.a.Sessions("example")
	if err != nil {
		return "", err
	}
	err = sessions.Save(ctx, sc.id, []byte("visitor from "+sc.visitor.String()), lifetime)
	return fmt.Sprintf("creates session %v for %v", sc.id, lifetime), err
}

func (sc *scene) misbehave(ctx context.Context) (string, error) {
	result, err := sc.a.IncreaseBadBehavior(ctx, sc.visitor, sc.rule)
	said := fmt.Sprintf("counts bad request %d of %d from %v", result.Count, threshold, sc.visitor)
	if result.Banned {
		said += ": banned"
	}
	return said, err
}

func (sc *scene) findSession(ctx context.Context) (string, error) {
	sessions, err := sc.b.Sessions("example")
	if err != nil {
		return "", err
	}
	data, found, err := sessions.Load(ctx, sc.id)
	if err == nil && !found {
		err = errors.New("the session of node A is not there")
	}
	return fmt.Sprintf("finds session %v: %q", sc.id, data), err
}

func (sc *scene) seeBan(ctx context.Context) (string, error) {
	ban, banned, err := sc.b.Banned(ctx, sc.visitor, service)
	if err == nil && !banned {
		err = errors.New("the ban of node A is not there")
	}
	return fmt.Sprintf("sees %v banned for %q, %v left", ban.IP, ban.Reason, ban.Remaining.Round(time.Second)), err
}

func (sc *scene) liftBan(ctx context.Context) (string, error) {
	lifted, err := sc.b.Unban(ctx, sc.visitor, service)
	if err == nil && !lifted {
		err = errors.New("there was no ban to lift")
	}
	return fmt.Sprintf("lifts the ban of %v", sc.visitor), err
}

func (sc *scene) seeNoBan(ctx context.Context) (string, error) {
	_, banned, err := sc.a.Banned(ctx, sc.visitor, service)
	if err == nil && banned {
		err = errors.New("the ban is still there")
	}
	return fmt.Sprintf("lets %v in again", sc.visitor), err
}

func (sc *scene) endSession(ctx context.Context) (string, error) {
	sessions, err := sc.a.Sessions("example")
	if err != nil {
		return "", err
	}
	existed, err := sessions.Delete(ctx, sc.id)
	if err == nil && !existed {
		err = errors.New("the session is gone already")
	}
	return fmt.Sprintf("ends session %v", sc.id), err
}
