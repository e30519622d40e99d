package site

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/atom"
)

var idFit = regexp.MustCompile(`^[^\s"'<>&]{1,100}$`)

// common returns the attributes that any element may keep.
func (w *contentWriter) common(attrs map[string]string) string {
	if len(attrs) == 0 {
		return ""
	}
	out := ""
	if id := attrs["id"]; id != "" && idFit.MatchString(id) && utf8.ValidString(id) && !strings.ContainsFunc(id, notText) && !w.ids[id] && w.among == "" {
		if w.ids == nil {
			w.ids = map[string]bool{}
		}
		w.ids[id] = true
		out += ` id="c-` + id + `"`
	}
	if tag := languageTag(attrs["lang"]); tag != "" {
		out += ` lang="` + tag + `"`
	}
	if d := strings.ToLower(attrs["dir"]); d == "ltr" || d == "rtl" || d == "auto" {
		out += ` dir="` + d + `"`
	}
	return out
}

func (w *contentWriter) href(v string) string {
	v = strings.TrimSpace(v)
	if frag, ok := strings.CutPrefix(v, "#"); ok && idFit.MatchString(frag) && utf8.ValidString(frag) && !strings.ContainsFunc(frag, notText) {
		return w.among + "#c-" + frag
	}
	if mail, ok := strings.CutPrefix(strings.ToLower(v), "mailto:"); ok && mailFit.MatchString(mail) {
		return "mailto:" + v[len("mailto:"):]
	}
	return httpURL(v)
}

var (
	mailFit = regexp.MustCompile(`^[a-z0-9._+-]+@[a-z0-9.-]+$`)
	dataFit = regexp.MustCompile(`^data:image/(png|gif|jpeg|webp|avif);base64,[A-Za-z0-9+/]+=*$`)
)

// picture writes an img, or a link to the picture where the page may not show it.
func (w *contentWriter) picture(attrs map[string]string) {
	src := attrs["src"]
	alt := strings.TrimSpace(clean(attrs["alt"]))
	if len(src) < 1<<20 && dataFit.MatchString(src) {
		w.out = append(w.out, `<img src="`+src+`" alt="`...)
		w.out = appendText(w.out, alt)
		w.out = append(w.out, `">`...)
		return
	}
	if v := w.image(src); v != nil {
		if in := w.find([]atom.Atom{atom.A}); in >= 0 && alt == "" {
			w.open[in].last = atom.Img
		}
		w.out = append(w.out, `<img src="`...)
		w.out = appendText(w.out, v.Src)
		w.out = append(w.out, '"')
		if v.Width > 0 && v.Height > 0 {
			w.out = append(w.out, ` width="`+strconv.Itoa(v.Width)+`" height="`+strconv.Itoa(v.Height)+`"`...)
		}
		if v.Srcset != "" {
			w.out = append(append(w.out, v.Srcset...), ` sizes="auto, (min-width: 48rem) 44rem, 92vw"`...)
		}
		if v.Remote {
			w.out = append(w.out, ` referrerpolicy="no-referrer"`...)
		}
		w.out = append(w.out, ` loading="lazy" decoding="async" alt="`...)
		w.out = appendText(w.out, alt)
		w.out = append(w.out, `">`...)
		return
	}
	if attrs["width"] == "1" || attrs["height"] == "1" {
		return // a counter, not a picture
	}
	w.instead("picture", src, alt)
}

// media writes a link to what a page cannot embed.
func (w *contentWriter) media(a atom.Atom, attrs map[string]string) {
	if a == atom.Iframe {
		w.skip, w.skipOf = 1, a
	}
	src := cmpOr(attrs["src"], attrs["data"])
	if src == "" {
		return
	}
	w.flow()
	word := "embedded"
	switch a {
	case atom.Video:
		word = "video"
	case atom.Audio:
		word = "audio"
	case atom.Source:
		if strings.HasPrefix(attrs["type"], "image/") {
			return
		}
		word = "media"
	}
	w.instead(word, src, strings.TrimSpace(clean(attrs["title"])))
}

// instead writes a link that names what it leads to.
func (w *contentWriter) instead(word, src, alt string) {
	u := httpURL(src)
	in := w.find([]atom.Atom{atom.A})
	linked := u != "" && in < 0
	if !linked && alt == "" {
		if in >= 0 {
			w.open[in].last = atom.Img
		}
		return
	}
	if linked {
		w.out = append(w.out, `<a class="elsewhere" rel="nofollow" href="`...)
		w.out = appendText(w.out, u)
		w.out = append(w.out, `">`...)
	} else {
		w.out = append(w.out, `<span class="elsewhere">`...)
	}
	w.out = appendText(w.out, w.words.t(word))
	if alt != "" {
		w.out = append(w.out, ": "...)
		w.out = appendText(w.out, alt)
	}
	if linked {
		w.out = append(w.out, "</a>"...)
	} else {
		w.out = append(w.out, "</span>"...)
	}
}

// imageAddresses finds the addresses of pictures in sanitised content, cheaply:
// it may miss one that is written oddly, which is then treated as having no copy.
func imageAddresses(content string) []string {
	var out []string
	for len(out) < 200 {
		i := strings.Index(content, "<img")
		if i < 0 {
			break
		}
		content = content[i+4:]
		tag := content
		if end := strings.IndexByte(tag, '>'); end >= 0 {
			tag = tag[:end]
		}
		if _, v, ok := strings.Cut(tag, ` src="`); ok {
			if v, _, ok = strings.Cut(v, `"`); ok {
				out = append(out, html.UnescapeString(v))
			}
		}
	}
	return out
}
