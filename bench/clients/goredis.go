package clients

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bwredis/bwredis/bench/dial"
)

// openGoRedis has a connection for each caller, and its pipelines on the connections of other commands, so that there are not more.
func openGoRedis(_ context.Context, t dial.Target, s Shape) (Session, error) {
	options := t.GoRedis()
	options.PoolSize, options.PipelinePoolSize = s.connections(), -1
	c := redis.NewClient(options)
	return goredisSession{c, c}, nil
}

func openGoRedisAuto(_ context.Context, t dial.Target, s Shape) (Session, error) {
	return goredisPipelined(t, false, s)
}

func openGoRedisDuplex(_ context.Context, t dial.Target, s Shape) (Session, error) {
	return goredisPipelined(t, true, s)
}

// goredisPipelined puts the commands of all callers into batches.
func goredisPipelined(t dial.Target, fullDuplex bool, s Shape) (Session, error) {
	c, pipeliner, err := t.GoRedisPipelined(fullDuplex, s.Limit)
	if err != nil {
		return nil, err
	}
	return goredisSession{c, pipeliner}, nil
}

// goredisSilent keeps what go-redis logs of a failover out of documents.
type goredisSilent struct{}

func (goredisSilent) Printf(context.Context, string, ...any) {}

// followGoRedis differs from what the client does by itself only in that contexts count.
func followGoRedis(_ context.Context, s Sentinels) (Session, error) {
	redis.SetLogger(goredisSilent{})
	c := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: s.Master, SentinelAddrs: s.Addrs, ContextTimeoutEnabled: true})
	return goredisSession{c, c}, nil
}

type goredisSession struct {
	client   *redis.Client
	commands redis.Cmdable
}

func (s goredisSession) Close() { _ = s.client.Close() }

// NotExecuted implements [Judge]. The client sends again by itself, so that of what an error says only a server's own no is certain.
func (s goredisSession) NotExecuted(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

func (s goredisSession) Ask(commands []Command) Ask {
	replies := make([]Reply, len(commands))
	if len(commands) == 1 {
		return s.single(&commands[0], replies)
	}
	if hasInto(commands) {
		return nil
	}
	issues := make([]goredisIssue, len(commands))
	for i := range commands {
		issues[i] = goredisIssueOf(&commands[i])
	}
	cmds := make([]redis.Cmder, len(commands))
	return func(ctx context.Context) ([]Reply, error) {
		p := s.commands.Pipeline()
		for i, issue := range issues {
			cmds[i] = issue(ctx, p)
		}
		if _, err := p.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		for i, cmd := range cmds {
			if err := goredisRead(&replies[i], commands[i].Want, cmd); err != nil {
				return nil, err
			}
		}
		return replies, nil
	}
}

func (s goredisSession) single(command *Command, replies []Reply) Ask {
	if command.Want == Into {
		return s.into(command, replies)
	}
	issue := goredisIssueOf(command)
	return func(ctx context.Context) ([]Reply, error) {
		return replies, goredisRead(&replies[0], command.Want, issue(ctx, s.commands))
	}
}

// into leaves two bytes of room behind the value, which the client asks for to be faster.
func (s goredisSession) into(command *Command, replies []Reply) Ask {
	buf := make([]byte, command.Room+2)
	return func(ctx context.Context) ([]Reply, error) {
		n, err := s.client.GetToBuffer(ctx, command.Args[0], buf).Result()
		if errors.Is(err, redis.Nil) {
			replies[0].setNull()
			return replies, nil
		}
		replies[0].setBytes(buf[:n])
		return replies, err
	}
}

// A goredisProcessor is what clients and pipelines are alike.
type goredisProcessor interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// A goredisIssue sends a command by the method that the client has for it.
type goredisIssue func(context.Context, redis.Cmdable) redis.Cmder

func goredisIssueOf(c *Command) goredisIssue {
	if c.Want == Any {
		return goredisIssueAny(c)
	}
	switch c.Name {
	case "GET":
		return func(ctx context.Context, to redis.Cmdable) redis.Cmder { return to.Get(ctx, c.Args[0]) }
	case "SET":
		return func(ctx context.Context, to redis.Cmdable) redis.Cmder { return to.Set(ctx, c.Args[0], c.Args[1], 0) }
	case "INCR":
		return func(ctx context.Context, to redis.Cmdable) redis.Cmder { return to.Incr(ctx, c.Args[0]) }
	case "HGETALL":
		return func(ctx context.Context, to redis.Cmdable) redis.Cmder { return to.HGetAll(ctx, c.Args[0]) }
	case "LRANGE":
		start, stop := c.bounds()
		return func(ctx context.Context, to redis.Cmdable) redis.Cmder {
			return to.LRange(ctx, c.Args[0], start, stop)
		}
	case "PTTL":
		return func(ctx context.Context, to redis.Cmdable) redis.Cmder { return to.PTTL(ctx, c.Args[0]) }
	case "GETRANGE":
		start, end := c.bounds()
		return func(ctx context.Context, to redis.Cmdable) redis.Cmder {
			return to.GetRange(ctx, c.Args[0], start, end)
		}
	case "EVALSHA":
		sha, keys, argv := c.Script()
		args := toAny(argv)
		return func(ctx context.Context, to redis.Cmdable) redis.Cmder { return to.EvalSha(ctx, sha, keys, args...) }
	}
	return goredisIssueAny(c)
}

// goredisIssueAny sends a command as one that the client has no method for.
func goredisIssueAny(c *Command) goredisIssue {
	args := toAny(append([]string{c.Name}, c.Args...))
	return func(ctx context.Context, to redis.Cmdable) redis.Cmder {
		cmd := redis.NewCmd(ctx, args...)
		_ = to.(goredisProcessor).Process(ctx, cmd) // its error is the command's
		return cmd
	}
}

func toAny(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

func goredisRead(r *Reply, want Want, cmd redis.Cmder) error {
	if err := cmd.Err(); err != nil {
		if errors.Is(err, redis.Nil) {
			r.setNull()
			return nil
		}
		return err
	}
	switch cmd := cmd.(type) {
	case *redis.StringCmd:
		if want == Owned {
			b, err := cmd.Bytes()
			r.setBytes(b)
			return err
		}
		r.setText(cmd.Val())
	case *redis.StatusCmd:
		r.setText(cmd.Val())
	case *redis.DurationCmd:
		ms := int64(cmd.Val())
		if ms > 0 {
			ms /= int64(time.Millisecond)
		}
		r.setInt(ms)
	case *redis.IntCmd:
		r.setInt(cmd.Val())
	case *redis.StringSliceCmd:
		r.setTexts(cmd.Val())
	case *redis.MapStringStringCmd:
		r.setPairs(cmd.Val())
	case *redis.Cmd:
		return goredisReadAny(r, want, cmd)
	}
	return nil
}

// goredisReadAny reads the reply to a command that the client has no type for.
func goredisReadAny(r *Reply, want Want, cmd *redis.Cmd) error {
	if want == Any {
		r.setAny(cmd.Val())
		return nil
	}
	if want == Texts {
		list, err := cmd.StringSlice()
		r.setTexts(list)
		return err
	}
	if text, ok := cmd.Val().(string); ok {
		r.setText(text)
		return nil
	}
	r.Null, r.Ints = false, addInts(r.Ints[:0], cmd.Val())
	return nil
}
