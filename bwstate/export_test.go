package bwstate

// Plain forgets where settings are from, so that those of different sources can be compared.
func Plain(s Settings) Settings {
	s.made = nil
	return s
}
