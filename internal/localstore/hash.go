package localstore

// fieldOverhead is what a field of a hash takes besides its name and value, in bytes: the field, its places in map and order, and what
// the allocator rounds up.
const fieldOverhead = 144

// A field is one field of a hash.
type field struct {
	name, value string
	id          uint64 // its place in the order
}

func (f *field) size() int { return fieldOverhead + len(f.name) + len(f.value) }

// A hash holds fields, in the order in which they came. A field that gets another value keeps its place.
type hash struct {
	fields index[*field]
	order  order[*field]
}

func (h *hash) len() int { return h.fields.len() }

// add adds a field that is not there.
func (h *hash) add(name, value string) {
	f := &field{name: name, value: value}
	f.id = h.order.add(f)
	h.fields.put(name, f)
}

func (h *hash) remove(f *field) {
	h.fields.remove(f.name)
	h.order.remove(f.id)
}
