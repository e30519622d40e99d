package scrape_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/scrape"
)

const words = "The sea gives what it gives and takes what it takes, and nobody on the shore has ever counted either"

// TestRules: one row for each rule that was learnt on annotated pages.
func TestRules(t *testing.T) {
	head := func(s string) string { return "<html><head>" + s + "</head><body><h1>Counting what the sea gives</h1>" }
	for _, tt := range []struct {
		name, url, body string
		want            facts
	}{
		{"the visible summary ends the description", "", head(`<meta name=description content="`+words+`. More here and tickets.">`) + `<p class=article-lead>` + words + `.</p>`, facts{"intro": words + "."}},
		{"a cut description is completed", "", head(`<meta name=description content="`+words[:60]+`…"><meta property=og:description content="`+words+`.">`) + ``, facts{"intro": words + "."}},
		{"one cut without a sign is marked", "", head(`<meta name=description content="`+words[:90]+`">`) + `<p>` + words + `.</p>`, facts{"intro": strings.TrimSpace(words[:90]) + "…"}},
		{"one that ends in a name is not", "", head(`<meta name=description content="`+words+` Anna Lund">`) + `<p>Other</p>`, facts{"intro": words + " Anna Lund"}},
		{"the description of the site", "", head(`<meta property=og:site_name content="Kelp Weekly"><meta name=description content="Kelp Weekly brings news of the shore every day"><meta property=og:description content="` + words + `.">`), facts{"intro": words + "."}},
		{"no description", "", head("") + `<p>Short.</p><p>` + words + `.</p>`, facts{"intro": words + ".", "sources": map[string]any{"intro": "paragraph"}}},
		{"a short one of the site", "", head(`<meta property=og:site_name content="Kelp Weekly"><meta property=og:description content="++ Kelp Weekly ++">`) + `<p>` + words + `.</p>`, facts{"intro": words + "."}},
		{"lines of a script without spaces", "", head("<meta name=description content='海は与え、海は奪う。\n誰も数えないまま、年が過ぎる。 Kelp です'>"), facts{"intro": "海は与え、海は奪う。誰も数えないまま、年が過ぎる。 Kelp です"}},
		{"several names in a byline", "", head("") + `<p>By Ione Vale, Tove Lind and Ada Berg</p>`, facts{"authors": list("Ione Vale", "Tove Lind", "Ada Berg")}},
		{"authors in the plural", "", head("") + `<p>Autoren Ione Vale und Tove Lind</p>`, facts{"authors": list("Ione Vale", "Tove Lind")}},
		{"a name beside date and time", "", head("") + `<small>04.02.2022 | 13:10 Uhr | Ione Vale</small>`, facts{"authors": list("Ione Vale"), "published": "2022-02-04"}},
		{"a section beside the date", "", head("") + `<small>04.02.2022 | Nature, Sea</small>`, facts{"authors": []any{}}},
		{"name and agency", "", head("") + `<h5>Autor: </h5>Ione Vale/SP-X`, facts{"authors": list("Ione Vale")}},
		{"a role before the name", "", head(`<meta name=author content="Shore-Expertin Ione Vale">`), facts{"authors": list("Ione Vale")}},
		{"a source line", "", head("") + `<p>Quelle: <a href="https://wire.example/">kelpwire</a></p>`, facts{"authors": list("kelpwire")}},
		{"signed below", "", head("") + strings.Repeat("<p>"+words+"</p>", 8) + `<p><b>Ione Vale</b></p>`, facts{"authors": list("Ione Vale")}},
		{"a name in the middle", "", head("") + strings.Repeat("<p>"+words+"</p>", 8) + `<p><b>Ione Vale</b></p>` + "<p>" + words + "</p>", facts{"authors": []any{}}},
		{"the publisher is no person", "https://kelphora.example/x", head(`<meta property=og:site_name content="Kelp Hora"><script type="application/ld+json">{"@type":"NewsArticle","author":{"@type":"Person","name":"Kelp Hora"},"publisher":{"@type":"Organization","name":"Kelp Hora"}}</script>`), facts{"authors": []any{}}},
		{"a site named after its author", "https://ione-vale.example/x", head(`<meta property=og:site_name content="Dr. Ione Vale">`), facts{"authors": list("Ione Vale")}},
		{"a footer's copyright", "", head("") + `<footer>© 2020 Shore Forum</footer>`, facts{"authors": []any{}}},
		{"a link to a profile", "", head("") + `<a rel=author href=/a>View my complete profile</a>`, facts{"authors": []any{}}},
		{"a recipe's date that nobody sees", "", head(`<script type="application/ld+json">{"@type":"Recipe","datePublished":"2018-07-25"}</script>`), facts{"published": nil}},
		{"one that is shown", "", head(`<script type="application/ld+json">{"@type":"Recipe","datePublished":"2018-07-25"}</script>`) + `<p>25.07.2018</p>`, facts{"published": "2018-07-25"}},
		{"a menu page's date", "https://a.example/about", head(`<meta property=article:published_time content="2018-07-25T10:00:00Z"><script type="application/ld+json">{"@type":"WebPage"}</script>`), facts{"published": nil}},
		{"a later edition", "https://a.example/2017/7/12/x", head(`<script type="application/ld+json">{"@type":"BlogPosting","datePublished":"2019-06-17"}</script>`), facts{"published": "2017-07-12"}},
		{"the address tells the local day", "https://a.example/2023/11/08/x", head(`<meta property=article:published_time content="2023-11-09T05:30:00Z">`), facts{"published": "2023-11-08T23:30:00-06:00"}},
		{"a day apart from its month", "", head("") + `<p>8.<a href=/2010/12/>Dezember 2010</a> um 09:43</p>`, facts{"published": "2010-12-08"}},
		{"until is no publication", "", head("") + `<p>Antworten bis 23.06.2006</p>`, facts{"published": nil}},
		{"a second heading that the title names", "", `<title>Ione's Digital Home On The Shore | Counting shells</title><body><h2>Counting shells</h2>`, facts{"title": "Counting shells"}},
		{"a category with rel=tag", "", head("") + `<a rel=tag href="/category/shore/">Shore</a> <a rel=tag href="/tag/kelp/">Kelp</a>`, facts{"tags": list("Kelp")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.url == "" {
				tt.url = "https://www.kelp.example/counting"
			}
			got := document(t, extract(t, tt.body, scrape.Meta{URL: tt.url}))
			for field, want := range tt.want {
				value := got[field]
				if part, ok := want.(map[string]any); ok {
					whole, _ := value.(map[string]any)
					for k := range whole {
						if _, asked := part[k]; !asked {
							delete(whole, k)
						}
					}
				}
				if d := cmp.Diff(want, value); d != "" {
					t.Errorf("%s (-want +got):\n%s", field, d)
				}
			}
		})
	}
}
