package markup

import "strings"

// attributes writes those of the tag at hand that t may keep.
func (w *sanitizer) attributes(t *tag) {
	rel, linked, controls := "", false, false
	for i := range w.z.attrs {
		a := &w.z.attrs[i]
		k := attributes[a.name]
		if k == 0 || w.seen(i) {
			continue
		}
		switch k {
		case attrPlain:
			w.plain(a.name, a.val)
		case attrURL:
			linked = w.address(t, a) || linked
		case attrStyle:
			if s := cleanStyle(decodeAttr(a.val)); s != "" {
				w.attr("style", s)
			}
		case attrSrcset:
			if t.name == "source" {
				if s := w.srcset(decodeAttr(a.val)); s != "" {
					w.attr("srcset", s)
				}
			}
		case attrClass:
			if t.flags&codeLike != 0 {
				w.language(decodeAttr(a.val))
			}
		case attrRel:
			rel = decodeAttr(a.val)
			if t.flags&isAnchor == 0 {
				w.plain("rel", a.val)
			}
		case attrPaint:
			if !strings.ContainsAny(decodeAttr(a.val), "(&\\") {
				w.plain(a.name, a.val)
			}
		case attrSizes:
			if v := lower(decodeAttr(a.val)); len(v) <= 4096 && !strings.ContainsAny(v, `\"'{}@`) && !strings.Contains(v, "url") {
				w.plain(a.name, a.val)
			}
		case attrUsemap:
			if v := strings.TrimSpace(a.val); v == "" || v[0] == '#' {
				w.plain(a.name, a.val)
			}
		case attrName:
			if t.name == "map" {
				w.plain(a.name, a.val)
			}
		case attrBool:
			controls = true
		}
	}
	if t.flags&isAnchor != 0 && (linked || rel != "") {
		w.rel(rel, linked)
	}
	if t.flags&isMedia != 0 || controls {
		w.attr("controls", "")
	}
}

// seen reports whether the attribute's name stood before: the first counts.
func (w *sanitizer) seen(i int) bool {
	for _, a := range w.z.attrs[:i] {
		if a.name == w.z.attrs[i].name {
			return true
		}
	}
	return false
}

// attr writes a decoded value.
func (w *sanitizer) attr(name, val string) {
	w.out = append(w.out, ' ')
	w.out = append(w.out, name...)
	w.out = append(w.out, '=', '"')
	w.text(val, false, 0)
	w.out = append(w.out, '"')
}

// plain writes a value as it stands in the source.
func (w *sanitizer) plain(name, val string) {
	if n, ok := svgNames[name]; ok {
		name = n
	}
	w.out = append(w.out, ' ')
	w.out = append(w.out, name...)
	w.out = append(w.out, '=', '"')
	w.text(val, true, 0)
	w.out = append(w.out, '"')
}

// address writes a URL attribute; true when it is a link's.
func (w *sanitizer) address(t *tag, a *attr) bool {
	val := decodeAttr(a.val)
	link := t.flags&isAnchor != 0
	switch a.name {
	case "href":
		if !link {
			return false
		}
	case "xlink:href":
		if t.name != "a" || w.foreign == 0 {
			return false
		}
	case "src", "poster":
		if t.flags&isMedia == 0 && t.name != "source" && t.name != "track" {
			return false
		}
	default:
		if strings.TrimSpace(val) == "" {
			w.attr(a.name, "")
			return false
		}
	}
	u := ""
	if link {
		u = w.link(val)
	} else {
		u = Resolve(w.base, val)
	}
	if u == "" {
		return false
	}
	w.attr(a.name, StripTracking(u))
	return link
}

// link resolves the address of a link, which may be a mailto too.
func (w *sanitizer) link(val string) string {
	val = trimAddress(val)
	if scheme, rest, ok := splitScheme(val); ok && scheme == "mailto" {
		return "mailto:" + cleanMailto(rest)
	}
	return Resolve(w.base, val)
}

func cleanMailto(s string) string {
	if plainAddress(s) {
		return s
	}
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		const hex = "0123456789ABCDEF"
		if c := s[i]; safeByte[c] {
			b = append(b, c)
		} else if c >= ' ' && c != 0x7F {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// rel writes rel with noopener; opener, which undoes it, goes.
func (w *sanitizer) rel(rel string, linked bool) {
	out := ""
	has := false
	for word := range strings.FieldsSeq(rel) {
		switch l := lower(word); l {
		case "opener":
			continue
		case "noopener":
			has = true
		}
		if out != "" {
			out += " "
		}
		out += word
		if len(out) > 256 {
			break
		}
	}
	if linked && !has {
		if out != "" {
			out += " "
		}
		out += "noopener"
	}
	if out != "" {
		w.attr("rel", out)
	}
}

// language keeps the class that says what language code is in.
func (w *sanitizer) language(class string) {
	for c := range strings.FieldsSeq(class) {
		l := lower(c)
		for _, p := range [...]string{"language-", "lang-"} {
			if v, ok := strings.CutPrefix(l, p); ok && v != "" && len(v) < 32 && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789+#-_.") == "" {
				w.attr("class", "language-"+v)
				return
			}
		}
	}
}
