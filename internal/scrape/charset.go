package scrape

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
)

// refuse tells what a body is that is no page.
func refuse(body []byte, contentType string) error {
	no := func(what string) error { return fmt.Errorf("%w: %s", ErrNotPage, what) }
	t, _, _ := mime.ParseMediaType(contentType)
	switch {
	case t == "" || strings.Contains(t, "html") || t == "text/plain" || t == "application/octet-stream" || strings.HasSuffix(t, "/xml"):
	default:
		return no("it is " + t)
	}
	head := bytes.TrimLeft(body[:min(len(body), 2048)], "\xef\xbb\xbf \t\r\n\x00")
	switch {
	case len(head) == 0:
		return no("it is empty")
	case bytes.HasPrefix(head, []byte("%PDF")):
		return no("it is a PDF")
	case head[0] == '{' || head[0] == '[':
		return no("it is JSON")
	}
	if bytes.HasPrefix(head, []byte("<?xml")) || head[0] == '<' {
		for _, root := range []string{"<rss", "<feed", "<rdf:RDF", "<opml", "<urlset", "<svg"} {
			if i := bytes.Index(head, []byte(root)); i >= 0 && !bytes.Contains(head[:i], []byte("<h")) && !bytes.Contains(head[:i], []byte("<b")) {
				return no("it is a document of <" + strings.TrimPrefix(root, "<") + ">")
			}
		}
	}
	return nil
}

// decode gives the body in UTF-8 and the name of what it was in. Evidence
// counts in this order: byte order mark, HTTP header, declaration, validity
// as UTF-8; a declaration is overruled where the body is UTF-8 beyond doubt,
// as on pages that were converted and kept the old words.
func decode(body []byte, contentType string, p *Page) ([]byte, string) {
	if enc, name, rest := byteOrderMark(body); name != "" {
		return transform(rest, enc, name, p)
	}
	label := ""
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		label = params["charset"]
	}
	if label == "" {
		label = declared(body[:min(len(body), 8192)])
	}
	enc, name := charset.Lookup(label)
	if strings.HasPrefix(name, "utf-16") { // it would not have been readable so far
		enc, name = nil, "utf-8"
	}
	if name == "utf-8" {
		return body, name
	}
	valid, wide := utf8.Valid(body), 0
	if valid {
		for _, c := range body {
			if c >= 0xc2 {
				wide++
			}
		}
	}
	switch {
	case name == "" && valid:
		return body, "utf-8"
	case name == "":
		enc, name = charset.Lookup("windows-1252")
	case valid && wide >= 2 && name != "iso-2022-jp":
		p.warn("declared %s, is utf-8", name)
		return body, "utf-8"
	}
	return transform(body, enc, name, p)
}

func byteOrderMark(b []byte) (encoding.Encoding, string, []byte) {
	for _, bom := range []struct{ mark, name string }{{"\xef\xbb\xbf", "utf-8"}, {"\xfe\xff", "utf-16be"}, {"\xff\xfe", "utf-16le"}} {
		if bytes.HasPrefix(b, []byte(bom.mark)) {
			enc, name := charset.Lookup(bom.name)
			return enc, name, b[len(bom.mark):]
		}
	}
	return nil, "", b
}

func transform(body []byte, enc encoding.Encoding, name string, p *Page) ([]byte, string) {
	if name == "utf-8" {
		return body, name
	}
	out, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		p.warn("not all of it is %s", name)
		return body, name
	}
	return out, name
}

// declared finds charset=… in a meta element or an XML declaration.
func declared(head []byte) string {
	for rest := head; ; {
		i := bytes.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		if rest = rest[i+1:]; len(rest) < 4 || !bytes.EqualFold(rest[:4], []byte("meta")) {
			continue
		}
		rest = rest[4:]
		tag, _, _ := bytes.Cut(rest, []byte(">"))
		if l := label(bytes.ToLower(tag), "charset"); l != "" {
			return l
		}
	}
	if len(head) >= 5 && bytes.EqualFold(head[:5], []byte("<?xml")) {
		tag, _, _ := bytes.Cut(head, []byte("?>"))
		return label(bytes.ToLower(tag), "encoding")
	}
	return ""
}

func label(tag []byte, key string) string {
	i := bytes.Index(tag, []byte(key))
	if i < 0 {
		return ""
	}
	v := bytes.TrimLeft(tag[i+len(key):], " \t\r\n")
	if len(v) == 0 || v[0] != '=' {
		return ""
	}
	v = bytes.TrimLeft(v[1:], " \t\r\n\"'")
	if i := bytes.IndexAny(v, " \t\r\n\"';/>"); i >= 0 {
		v = v[:i]
	}
	return string(v)
}
