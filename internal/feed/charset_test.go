package feed

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"golang.org/x/text/encoding"
)

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const decl = `<?xml version="1.0" encoding="%"?>`

func TestEvidence(t *testing.T) {
	doc := func(enc, text string) string {
		d := ""
		if enc != "" {
			d = strings.Replace(decl, "%", enc, 1)
		}
		return d + "<rss><channel><title>" + text + "</title></channel></rss>"
	}
	latin := func(s string) []byte { return encode(t, charmap.Windows1252, s) }
	tests := []struct {
		name, contentType string
		body              []byte
		title, encoding   string
	}{
		{"utf-8", "", []byte(doc("", "Grüße")), "Grüße", "utf-8"},
		{"mark before header", "text/xml; charset=iso-8859-1", []byte("\uFEFF" + doc("utf-8", "Grüße")), "Grüße", "utf-8"},
		{"header before declaration", "text/xml; charset=windows-1252", latin(doc("utf-8", "Grüße “x”")), "Grüße “x”", "windows-1252"},
		{"declaration", "text/xml", encode(t, charmap.ISO8859_2, doc("ISO-8859-2", "Łódź")), "Łódź", "iso-8859-2"},
		{"latin-1 is windows-1252", "", latin(doc("iso-8859-1", "“x”")), "“x”", "windows-1252"},
		{"UTF-8 served as latin-1", "text/xml; charset=ISO-8859-1", []byte(doc("utf-8", "Grüße")), "Grüße", "utf-8"},
		{"latin-1 declared as UTF-8", "", latin(doc("utf-8", "Grüße")), "Grüße", "utf-8"},
		{"unknown name", "text/xml; charset=x-nonsense", []byte(doc("utf-8", "Grüße")), "Grüße", "utf-8"},
		{"utf-16 without mark", "", encode(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), doc("utf-16", "Grüße")), "Grüße", "utf-16le"},
		{"utf-16 with mark", "", encode(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), doc("utf-16", "Grüße")), "Grüße", "utf-16be"},
		{"utf-32 without mark", "", encode(t, utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), doc("", "Grüße")), "Grüße", "utf-32be"},
		{"declared as utf-16, but ASCII", "", []byte(doc("utf-16", "x")), "x", "utf-8"},
		{"a stray byte", "", []byte(doc("utf-8", "Grüße – “Grüße” caf\xe9")), "Grüße – “Grüße” café", "utf-8"},
		{"quotes in the header", `text/xml; charset='gb2312'`, encode(t, simplifiedchinese.GBK, doc("", "中文")), "中文", "gbk"},
	}
	for _, tt := range tests {
		got, err := Parse(tt.body, Meta{ContentType: tt.contentType})
		if err != nil || got.Feed.Title != tt.title || got.Encoding != tt.encoding {
			t.Errorf("%s: %q in %s, want %q in %s (%v)", tt.name, got.Feed.Title, got.Encoding, tt.title, tt.encoding, err)
		}
	}
}

// TestDetect writes sentences in encodings that nothing announces.
func TestDetect(t *testing.T) {
	tests := []struct {
		name string
		enc  encoding.Encoding
		text string
	}{
		{"shift_jis", japanese.ShiftJIS, "新しい記事を投稿しました。毎日の暮らしについて書いています。"},
		{"euc-jp", japanese.EUCJP, "新しい記事を投稿しました。毎日の暮らしについて書いています。"},
		{"iso-2022-jp", japanese.ISO2022JP, "新しい記事を投稿しました。"},
		{"gbk", simplifiedchinese.GBK, "我们今天发布了新的版本，欢迎大家使用并提出意见。"},
		{"big5", traditionalchinese.Big5, "我們今天發布了新的版本，歡迎大家使用並提出意見。"},
		{"euc-kr", korean.EUCKR, "오늘 새로운 글을 올렸습니다. 많이 읽어 주세요."},
		{"windows-1251", charmap.Windows1251, "Сегодня мы выпустили новую версию программы. Пишите нам!"},
		{"koi8-r", charmap.KOI8R, "Сегодня мы выпустили новую версию программы. Пишите нам!"},
		{"iso-8859-5", charmap.ISO8859_5, "Сегодня мы выпустили новую версию программы. Пишите нам!"},
		{"windows-1253", charmap.Windows1253, "Σήμερα δημοσιεύσαμε τη νέα έκδοση του προγράμματος."},
		{"windows-1255", charmap.Windows1255, "היום פרסמנו גרסה חדשה של התוכנה"},
		{"windows-1256", charmap.Windows1256, "نشرنا اليوم نسخة جديدة من البرنامج"},
		{"windows-874", charmap.Windows874, "วันนี้เราได้เผยแพร่รุ่นใหม่ของโปรแกรม"},
		{"windows-1252", charmap.Windows1252, "Voilà l’été: les élèves français mangent à la crème brûlée."},
		{"windows-1252", charmap.Windows1252, "Schöne Grüße aus Köln, die Straße war voller Bäume."},
		{"windows-1252", charmap.Windows1252, "El año pasado la niña comió piñón; ¿y tú? “Sí”."},
		{"windows-1250", charmap.Windows1250, "Zażółć gęślą jaźń, mówił Łukasz w Gdańsku; święto"},
		{"windows-1254", charmap.Windows1254, "Bugün yeni sürümü yayımladık; ışığı açın, değiştirin, şöyle"},
	}
	for _, tt := range tests {
		body := encode(t, tt.enc, "<rss><channel><title>"+tt.text+"</title></channel></rss>")
		got, err := Parse(body, Meta{})
		if err != nil || got.Feed.Title != tt.text || got.Encoding != tt.name {
			t.Errorf("%s: %q in %s (%v)", tt.name, got.Feed.Title, got.Encoding, err)
		}
	}
}
