package markup

import "strings"

// properties are the CSS properties an article may set in place; nothing that
// takes an element out of the flow, loads, or animates.
var properties = set(`azimuth background-color background-x background-y border-bottom-color border-collapse border-color border-left-color
	border-right-color border-spacing border-top-color caption-side clear color cursor direction display elevation empty-cells float font
	font-family font-size font-stretch font-style font-variant font-weight height hyphens letter-spacing line-height max-height max-width
	min-height min-width overflow pause pause-after pause-before pitch pitch-range quotes richness speak speak-header
	speak-numeral speak-punctuation speech-rate stress table-layout text-align text-decoration text-indent
	text-transform unicode-bidi vertical-align voice-family volume white-space width word-break word-spacing word-wrap overflow-wrap`)

// keywords are the words allowed in the shorthands (background, border, margin, padding).
var keywords = set(`auto aqua black block blue bold both bottom brown center collapse dashed dotted double fuchsia gray grey green groove
	!important italic left lime maroon medium none navy normal nowrap olive pointer purple red right ridge inset outset solid
	silver teal thick thin top transparent underline white yellow orange currentcolor inherit initial unset`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// cleanStyle keeps the harmless declarations of a style attribute.
func cleanStyle(s string) string {
	if len(s) > 4096 || !plainStyle(s) {
		return ""
	}
	var b strings.Builder
	for decl := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(decl, ":")
		if !ok {
			continue
		}
		name, value = lower(strings.TrimSpace(name)), strings.Join(strings.Fields(value), " ")
		if value == "" || !allowedDecl(name, value) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(name)
		b.WriteString(": ")
		b.WriteString(value)
		b.WriteByte(';')
	}
	return b.String()
}

// plainStyle refuses whatever could hide something from us: escapes, comments,
// functions but rgb() and its like, at-rules, anything not ASCII.
func plainStyle(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isLetter(c), '0' <= c && c <= '9', isSpace(c), strings.IndexByte(":,;#%.!-'\"()_/", c) >= 0:
		default:
			return false
		}
		if c == '/' && i+1 < len(s) && s[i+1] == '*' {
			return false
		}
	}
	return strings.Count(s, `"`)%2 == 0 && strings.Count(s, "'")%2 == 0
}

func allowedDecl(name, value string) bool {
	v := lower(value)
	if strings.ContainsAny(v, ":") {
		return false
	}
	if i := strings.IndexByte(v, '('); i >= 0 && !colourFunctions(v) {
		return false
	}
	if properties[name] {
		return true
	}
	short, _, _ := strings.Cut(name, "-")
	switch short {
	case "background", "border", "margin", "padding":
	default:
		return false
	}
	for w := range strings.FieldsSeq(spaceless(v)) {
		if !keywords[w] && !plainValue(w) {
			return false
		}
	}
	return true
}

// colourFunctions reports whether rgb() and hsl() are the only functions.
func colourFunctions(v string) bool {
	for {
		i := strings.IndexByte(v, '(')
		if i < 0 {
			return !strings.Contains(v, ")")
		}
		head := v[:i]
		if !strings.HasSuffix(head, "rgb") && !strings.HasSuffix(head, "rgba") && !strings.HasSuffix(head, "hsl") && !strings.HasSuffix(head, "hsla") {
			return false
		}
		j := strings.IndexByte(v, ')')
		if j < i || strings.Trim(v[i+1:j], "0123456789.,% /deg") != "" {
			return false
		}
		v = v[j+1:]
	}
}

// spaceless joins the arguments of functions, so that a value splits at spaces.
func spaceless(v string) string {
	if strings.IndexByte(v, '(') < 0 {
		return v
	}
	b := make([]byte, 0, len(v))
	depth := 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '(':
			depth++
			b = append(b, c)
		case c == ')':
			depth--
			b = append(b, c)
		case depth > 0 && c == ' ':
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// plainValue: a colour, or a length that is not negative.
func plainValue(w string) bool {
	if strings.HasPrefix(w, "#") {
		return len(w) > 1 && strings.Trim(w[1:], "0123456789abcdef") == ""
	}
	if strings.HasSuffix(w, ")") {
		return true // colourFunctions has looked at it
	}
	unit := strings.TrimLeft(w, "0123456789.")
	if len(w)-len(unit) == 0 || len(w)-len(unit) > 6 {
		return false
	}
	switch unit {
	case "", "cm", "em", "ex", "in", "mm", "pc", "pt", "px", "%", "rem", "ch":
		return true
	}
	return false
}
