package bwstate

import (
	"context"
	"errors"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// NodeValue is [NodeCache.Get]. The result is nil when there is none.
func (b *Batch) NodeValue(c *NodeCache, key string) Pending[*NodeValue] {
	return pend[*NodeValue](b, FailWhenAway, nodeFetch{newFetching(maxCacheValue, key)}, errors.Join(b.of(c.state, "c"), checkNodeKey(key)))
}

// nodeFetch gets a value of a node's cache.
type nodeFetch struct{ *fetching }

func (op nodeFetch) result(bool) (*NodeValue, error) {
	v, found, err := op.nodeValue()
	if err != nil || !found {
		return nil, err
	}
	return &v, nil
}

// CacheGet is [Cache.Get] of the server's entry: it is asked for also where there is a copy, and leaves one. There is no copy in its place while the server is away.
func (b *Batch) CacheGet(c *Cache, key string) Pending[CacheEntry] {
	op := &cacheFetch{fetching: newFetching(maxCacheEntry, c.prefix+key), c: c, key: key}
	return pend[CacheEntry](b, FailWhenAway, op, errors.Join(b.of(c.state, "c"), checkCacheKey(key)))
}

// cacheFetch gets an entry of a cache. It is awaited from add on, until its replies are there, or it is said that there are none.
type cacheFetch struct {
	*fetching
	c       *Cache
	key     string
	asked   time.Time
	awaited *awaited
	entry   CacheEntry
	err     error
}

func (op *cacheFetch) add(q *resp.Request) {
	op.giveUp()
	op.asked, op.awaited = time.Now(), op.c.local.await(op.key, op.c.topic)
	op.fetching.add(q)
}

func (op *cacheFetch) HandleReply(i int, r *resp.Reply) error {
	err := op.fetching.HandleReply(i, r)
	switch {
	case err != nil:
		op.giveUp()
	case i == perFetch-1:
		op.entry, op.err = op.c.take(op.fetching, 0, op.awaited, nil, op.asked)
		op.awaited = nil
	}
	return err
}

func (op *cacheFetch) giveUp() {
	op.c.local.settle(op.awaited)
	op.awaited = nil
}

func (op *cacheFetch) explain(_ context.Context, err error) error {
	op.giveUp()
	return err
}

func (op *cacheFetch) result(bool) (CacheEntry, error) { return op.entry, op.err }
