package diagram

import "unicode"

// textWidth is about how wide a text is in a sans-serif of that size: on the
// generous side, since it is not known which font the reader has.
func textWidth(s string, size float64) float64 {
	em := 0.0
	for _, r := range s {
		switch {
		case r == 'i' || r == 'l' || r == 'j' || r == '.' || r == ',' || r == ':' || r == '\'' || r == '|' || r == '!':
			em += 0.32
		case r == ' ' || r == 'f' || r == 't' || r == 'r' || r == '(' || r == ')' || r == '[' || r == ']' || r == '/' || r == '-':
			em += 0.41
		case r == 'm' || r == 'w' || r == 'M' || r == 'W' || r == '@' || r == '%':
			em += 0.96
		case unicode.IsUpper(r):
			em += 0.70
		case r > 0x2E80:
			em++
		default:
			em += 0.61
		}
	}
	return em * size
}

// fit cuts a text to a width.
func fit(s string, size, width float64) string {
	if textWidth(s, size) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 1 && textWidth(string(r)+"…", size) > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}
