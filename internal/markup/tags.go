package markup

import "strings"

type flag uint16

const (
	void     flag = 1 << iota // no content, no end tag
	block                     // ends an open paragraph
	fence                     // end tags inside do not reach beyond it
	list                      // a fence for list items
	inSVG                     // only inside svg
	inMath                    // only inside math
	isImage                   // img: lazy loading, trackers
	isMedia                   // audio, video: with controls, never by themselves
	isAnchor                  // links
	isHTML                    // ends foreign content
	codeLike                  // keeps class="language-…"
)

// tag is an element that is kept.
type tag struct {
	name  string
	flags flag
	ends  []string // open elements that its start ends
}

// tags is the allow-list. Nothing in it is parsed other than as plain markup in
// any context (no raw text, no templates, no integration points), so what is
// written cannot mean something else when it is parsed again.
var tags = func() map[string]*tag {
	m := map[string]*tag{}
	add := func(f flag, words string) {
		for w := range strings.FieldsSeq(words) {
			l := lower(w)
			if t := m[l]; t != nil {
				t.flags |= f
				continue
			}
			m[l] = &tag{name: w, flags: f}
		}
	}
	add(isHTML, `a abbr acronym b bdi bdo big canvas center cite code data del details dfn dir em font i ins kbd label m mark map meter nobr output
		picture progress q rb rp rt rtc ruby s samp small span strike strong sub summary sup time tt u var caption colgroup tbody
		td tfoot th thead tr dd dt li video audio address article aside blockquote div dl fieldset figcaption figure footer h1 h2 h3 h4 h5 h6
		header hgroup legend main menu nav ol p pre section search table ul br col area hr img source track wbr`)
	add(0, "multicol spacer sound command datagrid event-source nextid") // of old or abandoned HTML; without effect
	add(block, `address article aside blockquote center details dir div dl fieldset figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup
		hr legend main menu nav ol p pre section search summary table ul dd dt li caption colgroup col tbody td tfoot th thead tr`)
	add(void, "area br col hr img source track wbr")
	add(fence, "table td th caption")
	add(list, "ul ol menu dir dl")
	add(isImage, "img")
	add(isMedia, "audio video")
	add(isAnchor, "a area")
	add(codeLike, "code pre")

	add(inSVG, `svg g path circle ellipse line polygon polyline rect text tspan textPath defs linearGradient radialGradient stop clipPath
		mask marker pattern symbol switch desc metadata glyph hkern font-face view`)
	add(inMath, `math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom menclose mfenced msub msup msubsup munder mover
		munderover mmultiscripts mprescripts none mtable mtr mtd mlabeledtr semantics annotation`)
	add(fence, "svg math")

	for name, ends := range map[string]string{
		"li": "li", "dt": "dt dd", "dd": "dt dd", "tr": "tr td th", "td": "td th", "th": "td th",
		"tbody": "caption colgroup tbody thead tfoot tr td th", "thead": "caption colgroup tbody thead tfoot tr td th", "tfoot": "caption colgroup tbody thead tfoot tr td th",
		"caption": "caption", "colgroup": "caption colgroup", "a": "a", "rt": "rt rp", "rp": "rt rp",
	} {
		m[name].ends = strings.Fields(ends)
	}
	return m
}()

// dropped are the elements HTML knows whose tags are taken away.
var dropped = set(`applet audio base basefont bgsound blink body button content datalist dialog embed form frame frameset head html iframe
	image input isindex keygen link listing marquee menuitem meta noembed noframes noscript object optgroup option
	param plaintext portal script select shadow slot style template textarea title xmp
	animate animatemotion animatetransform set use foreignobject feimage filter image mglyph malignmark maction annotation-xml`)

type attrKind byte

const (
	attrPlain   attrKind = iota + 1
	attrURL              // http(s), or mailto in links
	attrStyle            // style
	attrSrcset           // srcset
	attrClass            // class
	attrRel              // rel
	attrPaint            // SVG: a colour, no url()
	attrUsemap           // usemap
	attrSizes            // sizes, without functions that load
	attrName             // name, of a map alone
	attrLoading          // loading
	attrBool             // controls
)

// attributes that are kept, on any element: none of them runs, loads or
// submits. Many are of old HTML, without effect today; feeds are full of them.
var attributes = func() map[string]attrKind {
	m := map[string]attrKind{}
	add := func(k attrKind, words string) {
		for w := range strings.FieldsSeq(words) {
			m[lower(w)] = k
		}
	}
	add(attrPlain, `abbr accept accept-charset accesskey align alt autocomplete axis balance bgcolor bgproperties border bordercolor bordercolordark
		bordercolorlight bottompadding cellpadding cellspacing ch challenge char charoff charset checked choff clear color cols colspan compact
		coords datafld datapagesize datetime default delay dir disabled draggable enctype end face for frame galleryimg gutter headers height hidden
		hidefocus high hreflang hspace inputmode ismap keytype label lang leftspacing list loop loopcount loopend loopstart low max maxlength
		media method min multiple muted nohref noshade nowrap open optimum pattern point-size pqg preload prompt radiogroup readonly
		repeat-max repeat-min replace required rev reversed rightspacing rows rowspan rules scope selected shape size sizes span start step summary
		suppress tabindex target template title toppadding translate type unselectable urn valign value variable volume vrml vspace
		width wrap xml:lang kind srclang kind decoding itemprop role
		display mathvariant mathsize mathcolor mathbackground displaystyle scriptlevel stretchy fence separator lspace rspace symmetric largeop
		movablelimits accent accentunder linethickness numalign denomalign columnalign rowalign columnspacing rowspacing columnlines rowlines
		frame framespacing equalrows equalcolumns columnspan notation bevelled open close separators encoding depth voffset minsize maxsize
		subscriptshift superscriptshift other selection form
		viewBox preserveAspectRatio d x y x1 x2 y1 y2 cx cy r rx ry dx dy fx fy points transform opacity fill-opacity fill-rule
		stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset stroke-opacity offset stop-opacity
		gradientUnits gradientTransform spreadMethod patternUnits clip-rule text-anchor dominant-baseline baseline-shift font-family font-size
		font-style font-weight font-variant letter-spacing word-spacing textLength rotate version baseProfile pathLength visibility`)
	delete(m, "form")
	delete(m, "itemprop")
	add(attrPaint, "fill stroke color stop-color")
	m["color"] = attrPlain
	add(attrURL, "href src cite longdesc poster xlink:href data datasrc dynsrc icon lowsrc")
	m["style"], m["srcset"], m["class"], m["rel"] = attrStyle, attrSrcset, attrClass, attrRel
	m["sizes"] = attrSizes
	m["usemap"], m["name"], m["loading"], m["controls"] = attrUsemap, attrName, attrLoading, attrBool
	return m
}()

// svgNames gives the spelling of attributes that SVG writes with capitals.
var svgNames = map[string]string{"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio", "gradientunits": "gradientUnits",
	"gradienttransform": "gradientTransform", "spreadmethod": "spreadMethod", "patternunits": "patternUnits", "textlength": "textLength",
	"baseprofile": "baseProfile", "pathlength": "pathLength"}
