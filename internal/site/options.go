package site

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// options are those of the theme that the generator itself follows.
type options struct {
	light, dark map[string]string // custom properties of the style sheet
	fonts       map[string]string // files of the theme's assets, by what is set in them
	logo        string
	footer      []string
	all         map[string]any
}

// colours are the custom properties that options may set.
var colours = []string{"accent", "accent-ink", "paper", "card", "ink", "soft", "line"}

// fontOptions are the options that name a font: what the style sheet sets in
// it, and what stands in until it is there.
var fontOptions = []struct{ option, property, meanwhile string }{
	{"font", "serif", "Georgia, serif"},
	{"font_menu", "sans", "system-ui, sans-serif"},
	{"font_code", "mono", "ui-monospace, monospace"},
}

var fontFit = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._/-]*\.(woff2|woff|ttf|otf)$`)

var colourFit = regexp.MustCompile(`^(#[0-9a-fA-F]{3,8}|[a-zA-Z]+|(rgb|rgba|hsl|hsla|oklch|oklab|lab|lch|color)\([0-9a-zA-Z%.,/ +-]+\))$`)

// readOptions reads the options that are known here and leaves the others to the theme.
func readOptions(all map[string]any) (options, error) {
	o := options{all: all}
	var err error
	if o.light, err = readColours(all, "theme"); err != nil {
		return o, err
	}
	if dark, ok := all["dark"].(map[string]any); ok {
		if o.dark, err = readColours(dark, "theme.dark"); err != nil {
			return o, err
		}
	}
	if o.logo, err = textOption(all, "logo"); err != nil {
		return o, err
	}
	for _, k := range fontOptions {
		f, err := textOption(all, k.option)
		if err != nil {
			return o, err
		}
		if f = strings.TrimPrefix(f, "assets/"); f == "" {
			continue
		}
		if !fontFit.MatchString(f) {
			return o, fmt.Errorf("%w: option %s: %s is no font file of the theme; put one below theme/assets/, as fonts/text.woff2", ErrTheme, k.option, f)
		}
		if o.fonts == nil {
			o.fonts = map[string]string{}
		}
		o.fonts[k.option] = f
	}
	footer, err := textOption(all, "footer")
	for p := range strings.SplitSeq(footer, "\n\n") {
		if p = strings.TrimSpace(clean(p)); p != "" {
			o.footer = append(o.footer, p)
		}
	}
	return o, err
}

func textOption(m map[string]any, key string) (string, error) {
	switch v := m[key].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	return "", fmt.Errorf("%w: option %s is a text", ErrTheme, key)
}

func readColours(m map[string]any, where string) (map[string]string, error) {
	out := map[string]string{}
	for _, k := range colours {
		v, ok := m[strings.ReplaceAll(k, "-", "_")]
		if !ok {
			continue
		}
		s, ok := v.(string)
		if !ok || !colourFit.MatchString(s) {
			return nil, fmt.Errorf("%w: option %s.%s: %v is no colour; write one as \"#9b2c1f\"", ErrTheme, where, k, v)
		}
		out[k] = s
	}
	return out, nil
}

// css is the style sheet of the colours and fonts; "" : none is asked for.
func (o options) css() string { return o.fontCSS() + o.colourCSS() }

// fontCSS declares the fonts; their files are found beside the style sheet.
func (o options) fontCSS() string {
	css, root := "", ""
	for _, k := range fontOptions {
		if f, ok := o.fonts[k.option]; ok {
			css += "@font-face{font-family:\"Site " + k.property + "\";src:url(" + f + ");font-weight:100 900;font-display:swap}\n"
			root += "--" + k.property + ":\"Site " + k.property + "\"," + k.meanwhile + ";"
		}
	}
	if root == "" {
		return ""
	}
	return css + ":root{" + root + "}\n"
}

func (o options) colourCSS() string {
	if len(o.light)+len(o.dark) == 0 {
		return ""
	}
	list := func(m map[string]string) string {
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(m)) {
			b.WriteString("--" + k + ":" + m[k] + ";")
		}
		return b.String()
	}
	// The selectors weigh as much as those of the theme, which come before.
	light := list(o.light)
	css := "@media (prefers-color-scheme:light){:root:not([data-mode=\"dark\"]){" + light + "}}\n:root[data-mode=\"light\"]{" + light + "}\n"
	dark := list(o.dark)
	return css + "@media (prefers-color-scheme:dark){:root:not([data-mode=\"light\"]){" + dark + "}}\n:root[data-mode=\"dark\"]{" + dark + "}\n"
}

// applyOptions gives templates what the options say.
func (b *build) applyOptions(o options) error {
	b.site.Footer, b.site.Options = o.footer, o.all
	if p, ok := b.theme.assets["options.css"]; ok {
		b.site.Style = escapePath(b.root + p)
	}
	for _, k := range fontOptions {
		if f, ok := o.fonts[k.option]; ok && b.theme.assets[f] == "" {
			return fmt.Errorf("%w: option %s: the theme has no file assets/%s", ErrTheme, k.option, f)
		}
	}
	if o.logo != "" {
		p, ok := b.theme.assets[strings.TrimPrefix(o.logo, "assets/")]
		if !ok {
			return fmt.Errorf("%w: option logo: the theme has no file assets/%s", ErrTheme, strings.TrimPrefix(o.logo, "assets/"))
		}
		b.site.Logo = escapePath(b.root + p)
	}
	return nil
}
