package feed

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// detectSample bounds how many bytes beyond ASCII detection looks at.
const detectSample = 16 << 10

// detect guesses the encoding of a document that is not UTF-8 and says nothing
// of itself: first the encodings with several bytes a character, by whether
// the bytes are valid in them and common; then those with one.
func detect(body []byte) string {
	if escapes(body) {
		return "iso-2022-jp"
	}
	sample := highRuns(body)
	if len(sample) == 0 {
		return "windows-1252"
	}
	best, score := "", 0.0
	for _, m := range multibyte {
		if s := m.score(sample); s > score {
			best, score = m.name, s
		}
	}
	if score > 0.5 {
		return best
	}
	return detectSingle(sample)
}

// highRuns collects the runs of bytes beyond ASCII, each with the ASCII byte
// after it (which may belong to its last character) and a space.
func highRuns(body []byte) []byte {
	var out []byte
	for i := 0; i < len(body) && len(out) < detectSample; i++ {
		if body[i] < 0x80 {
			continue
		}
		for i < len(body) && len(out) < detectSample {
			out = append(out, body[i])
			if body[i] < 0x80 && (i+1 >= len(body) || body[i+1] < 0x80) {
				break
			}
			i++
		}
		out = append(out, ' ')
	}
	return out
}

type multi struct {
	name string
	// char returns the length of the character at the head of b (0: invalid)
	// and how common it is: 1 for what every text is full of, 0 for rare ones.
	char func(b []byte) (int, float64)
}

// score is the mean commonness of the characters; little where many are invalid.
func (m multi) score(b []byte) float64 {
	chars, invalid, sum := 0, 0, 0.0
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		n, w := m.char(b[i:])
		if n == 0 {
			invalid++
			i++
			continue
		}
		chars++
		sum += w
		i += n
	}
	if chars == 0 || invalid*20 > chars {
		return 0
	}
	return sum / float64(chars+10*invalid)
}

func in(c, lo, hi byte) bool { return lo <= c && c <= hi }

var multibyte = []multi{
	{"shift_jis", func(b []byte) (int, float64) {
		c := b[0]
		if in(c, 0xA1, 0xDF) {
			return 1, 0.3 // half-width katakana
		}
		if len(b) < 2 || !in(c, 0x81, 0x9F) && !in(c, 0xE0, 0xFC) || b[1] < 0x40 || b[1] == 0x7F || b[1] > 0xFC {
			return 0, 0
		}
		switch {
		case c == 0x82 && b[1] >= 0x9F, c == 0x83 && b[1] <= 0x96:
			return 2, 1 // kana
		case c == 0x81:
			return 2, 0.8
		case in(c, 0x88, 0x97):
			return 2, 0.8 // the commoner kanji
		}
		return 2, 0.2
	}},
	{"euc-jp", func(b []byte) (int, float64) {
		c := b[0]
		switch {
		case len(b) < 2 || !in(b[1], 0xA1, 0xFE):
			return 0, 0
		case c == 0x8E:
			return 2, 0.3
		case c == 0x8F:
			return 3, 0.1
		case c == 0xA4, c == 0xA5 && b[1] <= 0xF6:
			return 2, 1
		case c == 0xA1:
			return 2, 0.8
		case in(c, 0xB0, 0xCF):
			return 2, 0.62
		case in(c, 0xA1, 0xFE):
			return 2, 0.2
		}
		return 0, 0
	}},
	{"euc-kr", func(b []byte) (int, float64) {
		c := b[0]
		if len(b) < 2 || !in(c, 0x81, 0xFE) || b[1] < 0x41 || b[1] == 0xFF {
			return 0, 0
		}
		switch {
		case in(c, 0xB0, 0xC8) && b[1] >= 0xA1:
			return 2, 0.88 // hangul
		case c == 0xA1 && b[1] >= 0xA1:
			return 2, 0.5
		case b[1] >= 0xA1:
			return 2, 0.1
		}
		return 2, 0.05
	}},
	{"gbk", func(b []byte) (int, float64) {
		c := b[0]
		if len(b) < 2 || !in(c, 0x81, 0xFE) {
			return 0, 0
		}
		if in(b[1], 0x30, 0x39) { // four bytes: GB 18030
			if len(b) >= 4 && in(b[2], 0x81, 0xFE) && in(b[3], 0x30, 0x39) {
				return 4, 0.2
			}
			return 0, 0
		}
		if b[1] < 0x40 || b[1] == 0x7F || b[1] == 0xFF {
			return 0, 0
		}
		switch {
		case in(c, 0xB0, 0xD7) && b[1] >= 0xA1:
			return 2, 0.85 // level one, by pronunciation
		case (c == 0xA1 || c == 0xA3) && b[1] >= 0xA1:
			return 2, 0.8
		case in(c, 0xD8, 0xF7) && b[1] >= 0xA1:
			return 2, 0.3
		}
		return 2, 0.1
	}},
	{"big5", func(b []byte) (int, float64) {
		c := b[0]
		if len(b) < 2 || !in(c, 0x81, 0xFE) || !in(b[1], 0x40, 0x7E) && !in(b[1], 0xA1, 0xFE) {
			return 0, 0
		}
		switch {
		case in(c, 0xA4, 0xC6):
			return 2, 0.86 // the commoner characters
		case c == 0xA1:
			return 2, 0.8
		case in(c, 0xC9, 0xF9):
			return 2, 0.2
		}
		return 2, 0.05
	}},
}

// single are the one-byte encodings with the letters most used in the
// languages written in them (beyond ASCII). Latin ones come last, and win only
// by letters of their own.
var single = []struct {
	name    string
	cm      *charmap.Charmap
	letters string
}{
	{"windows-1251", charmap.Windows1251, "оеаинтсрвлкмдпуяыьгзбчйхжшюіїєўґ"},
	{"koi8-r", charmap.KOI8R, "оеаинтсрвлкмдпуяыьгзбчйхжшю"},
	{"koi8-u", charmap.KOI8U, "оеаинтсрвлкмдпуяьгзбчйхжшюіїєґ"},
	{"iso-8859-5", charmap.ISO8859_5, "оеаинтсрвлкмдпуяыьгзбчйхжшю"},
	{"ibm866", charmap.CodePage866, "оеаинтсрвлкмдпуяыьгзбчйхжшю"},
	{"x-mac-cyrillic", charmap.MacintoshCyrillic, "оеаинтсрвлкмдпуяыьгзбчйхжшю"},
	{"windows-1253", charmap.Windows1253, "αοιετσνηυρπκμλωςδγάίόέήχθφβώύ"},
	{"windows-1255", charmap.Windows1255, "יוהלאתרמבשנעםדקחפכגטזסץןךצף"},
	{"windows-1256", charmap.Windows1256, "االيمنوتربدعسفهكقحجشصةطخأىذضغثزئءظ"},
	{"windows-874", charmap.Windows874, "านรอกเงมยลวดทสตะปบคห่้ีิัุแไใโ์ำ"},
	{"windows-1252", charmap.Windows1252, "éèàçêâîôûùëïüöäßñáíóúãõåøæÄÖÜÉÀ¿¡ºª£©®°»«’‘“”–—…€·"},
	{"windows-1250", charmap.Windows1250, "áéíóúýčďěňřšťůžąćęłńśźżőűăâîşţđ’„”“–…"},
	{"iso-8859-2", charmap.ISO8859_2, "áéíóúýčďěňřšťůžąćęłńśźżőűăâîşţđ"},
	{"windows-1254", charmap.Windows1254, "ığşçöüİĞŞÇÖÜ’"},
	{"windows-1257", charmap.Windows1257, "āčēģīķļņšūžąęėįųõäöü„”–"},
}

// firstLatin is the place of the first Latin one in single.
const firstLatin = 10

func detectSingle(b []byte) string {
	high, runs := 0, 0
	for i, c := range b {
		if c >= 0x80 {
			high++
			if i == 0 || b[i-1] < 0x80 {
				runs++
			}
		}
	}
	// Latin words have a letter or two beyond ASCII, others consist of them.
	latin := high*2 < runs*3
	best, score := "windows-1252", 0.0
	for i, e := range single {
		if (i >= firstLatin) != latin && (latin || high > runs*5/2) {
			continue
		}
		if s := singleScore(e.cm, e.letters, b, latin); s > score*1.0001 {
			best, score = e.name, s
		}
	}
	return best
}

// singleScore weighs frequent letters, and wants words of one case and script.
func singleScore(cm *charmap.Charmap, letters string, b []byte, latin bool) float64 {
	common := map[rune]float64{}
	for i, r := range []rune(letters) {
		w := 1.0
		if i >= 12 && !latin {
			w = 0.7
		}
		common[r] = w
	}
	sum, n := 0.0, 0
	last := ' '
	for _, c := range b {
		r := cm.DecodeByte(c)
		if c >= 0x80 {
			n++
			switch w := common[r]; {
			case w > 0:
				sum += w
			case r == utf8.RuneError, unicode.IsControl(r):
				sum -= 3
			case common[unicode.ToLower(r)] > 0 && !unicode.IsLower(last):
				sum += 0.4
			case unicode.IsLetter(r):
				sum += 0.1
			default:
				sum -= 0.3 // a sign
			}
			if unicode.IsUpper(r) && unicode.IsLower(last) {
				sum -= 0.8 // eVERY
			}
		}
		last = r
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
