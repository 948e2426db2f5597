package bwstate

// A Choice is yes, no, or nothing, which is as another setting says.
type Choice string

// or is the choice where there is one. What is neither yes nor no, in settings made by hand, is taken for the
// safe one of the two, which is yes wherever a Choice is used.
func (c Choice) or(other bool) bool {
	switch c {
	case "":
		return other
	case "no":
		return false
	}
	return true
}

func choiceField(at func(*Settings) *Choice) settingField {
	return settingField{
		parse: func(p *settingsParser, text string) string {
			yes, problem := parseYesNo(text)
			*at(&p.s) = "no"
			if yes {
				*at(&p.s) = "yes"
			}
			return problem
		},
		show: func(s *Settings) string { return string(*at(s)) },
	}
}
