package bwstate

// A value is the text of one setting, and where it is from.
type value struct {
	text string
	path string // of the file that holds it, when one does
	from string // the place, as the user would call it
	hide bool   // the text must not be shown
}

// isSet says whether there is anything; a file may still be unreadable.
func (v value) isSet() bool { return v.text != "" || v.path != "" }

// same says whether both say the same of a setting, wherever they are from.
func (v value) same(other value) bool { return v.text == other.text && v.path == other.path }

// making is what settings remember of how they were made.
type making struct {
	parsed  Settings          // as they came out: what differs from it now was set by the program
	from    map[string]string // of settings that were set
	written map[string]string // their texts, but not those of secrets
	files   map[string]bool   // those that came from NAME_FILE
	empty   map[string]bool   // those that were set to ""
}

func (m *making) note(name string, v value) {
	from := v.from
	if v.path != "" {
		from = join(from, name+fileSuffix)
		if path := shownPath(v.path); path != "" {
			from += "=" + path
		}
		if m.files == nil {
			m.files = make(map[string]bool)
		}
		m.files[name] = true
	}
	m.from[name] = from
	if !v.hide {
		m.written[name] = v.text
	}
}

func (m *making) noteEmpty(name string) {
	if m.empty == nil {
		m.empty = make(map[string]bool)
	}
	m.empty[name] = true
}
