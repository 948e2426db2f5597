package localstore

// An index finds items by name. Maps keep the memory for as many items as they ever held, so one from which most have gone is made anew: not before three
// quarters are gone, so that costs each removal a constant. The zero value is empty.
type index[E any] struct {
	items map[string]E
	most  int // items held at once since the map was made
}

func (x *index[E]) len() int { return len(x.items) }

// get returns the zero value where there is no item.
func (x *index[E]) get(name []byte) E { return x.items[string(name)] }

func (x *index[E]) put(name string, item E) {
	if x.items == nil {
		x.items = map[string]E{}
	}
	x.items[name] = item
	x.most = max(x.most, len(x.items))
}

func (x *index[E]) remove(name string) {
	delete(x.items, name)
	if x.most < minCompact || len(x.items) > x.most/4 {
		return
	}
	items := make(map[string]E, len(x.items))
	for name, item := range x.items {
		items[name] = item
	}
	x.items, x.most = items, len(items)
}
