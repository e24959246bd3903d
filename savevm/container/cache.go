package container

import (
	"container/list"
	"sync"
)

// cache keeps the values that were used last. A value that several goroutines want at once is loaded once.
type cache struct {
	limit int64 // of the costs together; the last value is kept whatever its cost

	mu      sync.Mutex
	used    int64
	entries map[int64]*list.Element
	recent  list.List // of *cacheEntry, the last used at the front
}

type cacheEntry struct {
	key   int64
	once  sync.Once
	value []byte
	err   error
	cost  int64
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, entries: map[int64]*list.Element{}}
}

// get returns the value of key, which load makes. The value must not be changed.
func (c *cache) get(key int64, load func() ([]byte, error)) ([]byte, error) {
	c.mu.Lock()
	element, ok := c.entries[key]
	if ok {
		c.recent.MoveToFront(element)
	} else {
		element = c.recent.PushFront(&cacheEntry{key: key})
		c.entries[key] = element
	}
	c.mu.Unlock()

	e := element.Value.(*cacheEntry)
	e.once.Do(func() {
		e.value, e.err = load()
		c.loaded(e)
	})
	return e.value, e.err
}

// loaded counts a value in, and drops the ones that were not used for longest.
func (c *cache) loaded(e *cacheEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.cost = int64(len(e.value)) + 128
	c.used += e.cost
	for element := c.recent.Back(); element != nil && c.used > c.limit; {
		old, prev := element.Value.(*cacheEntry), element.Prev()
		if old != e && old.cost > 0 { // not one that is being loaded
			c.recent.Remove(element)
			delete(c.entries, old.key)
			c.used -= old.cost
		}
		element = prev
	}
}
