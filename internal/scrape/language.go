package scrape

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/atom"
)

// The language of a page that declares none is found by the script of its
// text, or by the small words in it.

const (
	maxSample = 24 << 10 // bytes of text that are looked at
	minSample = 200      // letters; fewer tell nothing
)

// smallWords of each language: those that stand in every second sentence, and
// rather those that its neighbours do not have.
var smallWords = map[string]string{
	"en": "the and of to in is that for it with as was on are this be have from by not but they which you at we",
	"de": "der die und den das ist nicht ein eine zu von mit sich auf für dem des auch es wird sind im wie bei nach",
	"fr": "le la les et des est une du dans pour qui que pas sur au avec il plus ce sont par cette nous ont mais",
	"es": "el la los las que y en un una es del por con para se no su lo como más pero al son este",
	"pt": "o os as que e do da dos das em um uma não para com por é se na no mais como ao são foi também",
	"it": "il di che la è un una per non sono del della con gli le anche si come nel più alla dei questo ma dal",
	"nl": "de het een van en is dat niet op te zijn met voor aan er ook maar als bij door naar wordt deze heeft om",
	"sv": "och att det som är en på av för med till inte den har ett om men var jag så från vi kan de också",
	"da": "og det at er en på af for med til ikke den har et som der jeg vi de fra kan også blev være hvor",
	"no": "og det at er en på av for med til ikke den har et som jeg vi de fra kan også ble være hvor etter seg",
	"fi": "ja on ei se että oli joka mutta myös kun niin ovat hän sekä mukaan kuin jos tai ole nyt sen tämä vain",
	"pl": "i w na się z nie to że do jest o jak po co ale za od tego są przez dla jego oraz być może",
	"cs": "a se na že v je s z do o to jako pro by ale za jsou k které byl jeho také při nebo už však",
	"sk": "a sa na že v je s z do o to ako pre by ale za sú k ktoré bol jeho tiež pri alebo už však",
	"hu": "a az és hogy nem is egy van de ezt meg csak mint volt már még ha vagy el azt lehet olyan ez több",
	"ro": "și de în a la cu pe care nu este din pentru mai o un că sunt fost au ce prin fi după sau",
	"tr": "ve bir bu için de da ile olarak çok daha gibi olan kadar sonra en ama var ne değil her olduğu ise",
	"hr": "i u je na se da za su od s o kao što koji nije ali iz kako bi će samo te biti koja nakon",
	"sq": "të e në dhe për me nga një që se është ka si më nuk do kanë ishte kjo ky ka edhe janë pas mund",
	"sl": "in je na v se da za so ki z pa ne tudi po kot od s bi iz še ali bo to pri kar",
	"et": "ja on ei et see kui ka oma mis ta oli aga või nii ning seda kes mida veel võib pole üle",
	"lv": "un ir ar par no uz kas ka to bet arī vai pie lai tas kā nav pēc līdz gan jau viņš",
	"lt": "ir yra kad su iš į o ne tai bet kaip buvo nuo dėl jis apie taip arba tik dar už metų",
	"ca": "el la els les i que de un una és per amb no del en al són més però com aquest seva dels va",
	"id": "yang dan di untuk dengan ini dari dalam tidak itu pada akan adalah juga ke oleh bisa karena ada saya",
	"vi": "và của là có được cho không trong một những với người các này đã để khi từ đến như",
	"eu": "eta da ez bat izan du zuen ere dira baina egin beste hau izango den duen dute",
	"gl": "o a os as que e do da dos das en un unha non para con por é se na no máis como ao son foi tamén",
}

// wordLanguages is smallWords the other way about.
var wordLanguages = func() map[string][]string {
	m := map[string][]string{}
	for lang, words := range smallWords {
		for w := range strings.FieldsSeq(words) {
			m[w] = append(m[w], lang)
		}
	}
	return m
}()

// letterLanguages are letters that one of two close languages has.
var letterLanguages = map[string]string{"ř": "cs", "ů": "cs", "ľ": "sk", "ĺ": "sk", "ŕ": "sk", "ė": "lt", "ų": "lt"}

// detectLanguage names the language of a text; empty if it is not plain.
func detectLanguage(text string) string {
	if l, sure := byScript(text); sure {
		return l
	}
	score := map[string]int{}
	words := 0
	for w := range strings.FieldsFuncSeq(text, func(c rune) bool { return !unicode.IsLetter(c) && c != '\'' && c != '’' }) {
		words++
		if len(w) > 16 {
			continue
		}
		langs := wordLanguages[strings.ToLower(w)]
		for _, l := range langs {
			score[l] += 12 / min(len(langs), 6)
		}
	}
	for letter, lang := range letterLanguages {
		score[lang] += 2 * strings.Count(text, letter)
	}
	best, second := "", ""
	for l, s := range score {
		switch {
		case s > score[best] || s == score[best] && (best == "" || l < best):
			best, second = l, best
		case s > score[second] || second == "":
			second = l
		}
	}
	// a tenth of the words at the least, and clearly more than of any other
	if words < 30 || score[best] < words || score[best]*100 < score[second]*108 {
		return ""
	}
	return best
}

// byScript decides where the letters do.
func byScript(text string) (string, bool) {
	var latin, cyrillic, total, kana, han, hangul, arabic, persian, urdu int
	others := map[string]int{}
	for _, c := range text {
		if !unicode.IsLetter(c) {
			continue
		}
		total++
		switch {
		case c < 0x250 || c >= 0x1E00 && c < 0x1F00:
			latin++
		case c >= 0x400 && c < 0x530:
			cyrillic++
		case c >= 0x3040 && c < 0x3100:
			kana++
		case c >= 0x4E00 && c < 0xA000:
			han++
		case c >= 0xAC00 && c < 0xD7B0:
			hangul++
		case c >= 0x600 && c < 0x780:
			arabic++
			switch c {
			case 'پ', 'چ', 'ژ', 'گ', 'ک', 'ی':
				persian++
			case 'ٹ', 'ڈ', 'ڑ', 'ں', 'ے':
				urdu++
			}
		default:
			others[scriptLanguage(c)]++
		}
	}
	if total < minSample {
		return "", kana+han+hangul < minSample/4 // signs that are words
	}
	if cyrillic*2 > total {
		return byLetters(text), true
	}
	if latin*2 > total {
		return "", false
	}
	switch {
	case hangul*2 > total:
		return "ko", true
	case kana*10 > total && kana+han > total/2:
		return "ja", true
	case han*2 > total:
		return "zh", true
	case arabic*2 > total && urdu*50 > arabic:
		return "ur", true
	case arabic*2 > total && persian*20 > arabic:
		return "fa", true
	case arabic*2 > total:
		return "ar", true
	}
	for l, n := range others {
		if l != "" && n*2 > total {
			return l, true
		}
	}
	return "", true
}

// byLetters tells the languages in Cyrillic apart by the letters that only some
// of them have: their small words are too much alike.
func byLetters(text string) string {
	counts := map[rune]int{}
	total := 0
	for _, c := range strings.ToLower(text) {
		if c >= 0x400 && c < 0x530 {
			counts[c]++
			total++
		}
	}
	has := func(letters string) bool {
		n := 0
		for _, c := range letters {
			n += counts[c]
		}
		return n*300 > total
	}
	switch {
	case has("қңғұһ"):
		return "kk"
	case has("ў"):
		return "be"
	case has("їєґ"):
		return "uk"
	case has("ѓќѕ"):
		return "mk"
	case has("јљњђћџ"):
		return "sr"
	case has("ыэ") && has("өү"):
		return "mn"
	case has("ыэ"):
		return "ru"
	case has("ъ"):
		return "bg"
	}
	return ""
}

// scriptLanguage is the language that has a script to itself, or most of it.
func scriptLanguage(c rune) string {
	for _, s := range [...]struct {
		from, to rune
		lang     string
	}{
		{0x370, 0x400, "el"}, {0x1F00, 0x2000, "el"}, {0x530, 0x590, "hy"}, {0x590, 0x600, "he"}, {0x900, 0x980, "hi"}, {0x980, 0xA00, "bn"}, {0xA00, 0xA80, "pa"}, {0xA80, 0xB00, "gu"},
		{0xB80, 0xC00, "ta"}, {0xC00, 0xC80, "te"}, {0xC80, 0xD00, "kn"}, {0xD00, 0xD80, "ml"}, {0xD80, 0xE00, "si"}, {0xE00, 0xE80, "th"}, {0xE80, 0xF00, "lo"}, {0x1000, 0x10A0, "my"}, {0x10A0, 0x1100, "ka"},
		{0x1200, 0x1380, "am"}, {0x1780, 0x1800, "km"},
	} {
		if c >= s.from && c < s.to {
			return s.lang
		}
	}
	return ""
}

// sampleText is text of a page to tell its language by: not that of menus and
// buttons, which are as short on pages in any language.
func sampleText(body []byte) string {
	s := scanner{b: body}
	var b strings.Builder
	for b.Len() < maxSample {
		switch s.next() {
		case tokEnd:
			return b.String()
		case tokStart:
			switch s.tag {
			case atom.Script, atom.Style, atom.Textarea, atom.Iframe, atom.Noembed, atom.Noframes, atom.Xmp, atom.Noscript, atom.Title:
				if s.raw != nil {
					s.at, s.raw = s.rawEnd(), nil
				}
			}
		case tokText:
			if t := bytes.TrimSpace(s.text); len(t) >= 60 && utf8.Valid(t) {
				b.Write(unescape(t[:min(len(t), maxSample)]))
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}
