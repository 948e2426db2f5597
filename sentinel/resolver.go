package sentinel

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/conn"
)

// Defaults of [Config].
const (
	DefaultTimeout  = time.Second
	DefaultPoll     = 2 * time.Second
	DefaultMaxFence = 10 * time.Second
)

// maxReply is what a sentinel may answer, in bytes: more than hundreds of servers take.
const maxReply = 1 << 20

// Config says whom to ask for what. Addrs and Master are required.
type Config struct {
	Addrs   []string      // of the sentinels, host:port
	Master  string        // the name under which they watch the master
	Dialer  *conn.Dialer  // with the sentinels' own user, password and TLS; nil: none of these
	Timeout time.Duration // longest that one sentinel may take to answer, connecting included; 0: DefaultTimeout

	// Reach turns an address that a sentinel announces into one that can be dialled, as NAT and containers need; nil: as announced. "" says that there is no way.
	// See AddressMap.
	Reach func(announced string) string

	Poll     time.Duration // how often Watch asks the sentinels, whatever they announce; 0: DefaultPoll
	MaxFence time.Duration // longest that Gate holds writes in a failover that does not end; 0: DefaultMaxFence
	Logger   *slog.Logger  // told of switches, and of sentinels that stop answering or answer again; nil: nobody
}

// A Resolver asks sentinels. Its methods may be called concurrently.
type Resolver struct {
	cfg    Config
	dialer conn.Dialer
	*members
	*track
	*fence
	spare *atomic.Pointer[spare]
}

// New makes a Resolver. It asks nobody yet.
func New(cfg Config) (*Resolver, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	for value, byDefault := range map[*time.Duration]time.Duration{
		&cfg.Timeout: DefaultTimeout, &cfg.Poll: DefaultPoll, &cfg.MaxFence: DefaultMaxFence,
	} {
		if *value == 0 {
			*value = byDefault
		}
	}
	cfg.Addrs = slices.Clone(cfg.Addrs)
	r := &Resolver{cfg: cfg, members: newMembers(cfg.Addrs), track: newTrack(), fence: &fence{}, spare: &atomic.Pointer[spare]{}}
	if cfg.Dialer != nil {
		r.dialer = *cfg.Dialer
	}
	r.dialer.Timeout = cfg.Timeout
	if r.dialer.MaxReply == 0 {
		r.dialer.MaxReply = maxReply
	}
	return r, nil
}

// check returns everything that is wrong.
func (cfg *Config) check() error {
	var errs []error
	if len(cfg.Addrs) == 0 {
		errs = append(errs, errors.New("sentinel: Config.Addrs is empty"))
	}
	for _, addr := range cfg.Addrs {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			errs = append(errs, fmt.Errorf("sentinel: Config.Addrs: %w", err))
		}
	}
	if cfg.Master == "" {
		errs = append(errs, errors.New("sentinel: Config.Master is empty"))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"Timeout", cfg.Timeout}, {"Poll", cfg.Poll}, {"MaxFence", cfg.MaxFence}} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("sentinel: Config.%s is negative: %v", d.name, d.value))
		}
	}
	return errors.Join(errs...)
}

// String shows whom the resolver asks for what, without the password of the sentinels.
func (r Resolver) String() string {
	return fmt.Sprintf("sentinel.Resolver{%q at %q}", r.cfg.Master, r.cfg.Addrs)
}

// Format prints [Resolver.String] for every verb: fmt would show the fields, and could not ask the Dialer among them to hide its password.
func (r Resolver) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// reach turns an announced address into one that can be dialled; "" when there is no way.
func (r *Resolver) reach(announced string) string {
	if r.cfg.Reach == nil {
		return announced
	}
	return r.cfg.Reach(announced)
}
