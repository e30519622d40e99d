package scrape_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coranto/coranto/internal/scrape"
)

const words = "The sea gives what it gives and takes what it takes, and nobody on the shore has ever counted either"

// prose is more text than a page has that scripts fill.
var prose = strings.Repeat("<p>"+words+"</p>", 8)

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
		{"the account that posted the page", "", head(`<meta name=author content="Ione Vale">`) + prose, facts{"authors": []any{}}},
		{"an author whom readers see", "", head(`<meta name=author content="Ione Vale">`) + prose + `<i>IONE <b>VALE</b></i>`, facts{"authors": list("Ione Vale")}},
		{"an author who gave the site its name", "https://ionevale.example/x", head(`<meta name=author content="Ione Vale">`) + prose, facts{"authors": list("Ione Vale")}},
		{"a page that scripts fill", "", head(`<meta name=author content="Ione Vale">`), facts{"authors": list("Ione Vale")}},
		{"names in elements of their own", "", head("") + `<p>Par <a href=/1>Ione Vale</a>, <a href=/2>Tove Lind</a> et <a href=/3>Ada Berg</a></p>`, facts{"authors": list("Ione Vale", "Tove Lind", "Ada Berg")}},
		{"names in capitals, and an ampersand", "", head("") + `<p>By <a href=/1>IONE VALE</a> &amp; <a href=/2>TOVE LIND</a></p>`, facts{"authors": list("IONE VALE", "TOVE LIND")}},
		{"a place after the name", "", head("") + `<p>By <a href=/1>Ione Vale</a>, <a href=/2>Hull</a></p>`, facts{"authors": list("Ione Vale")}},
		{"a name that begins as a byline does", "", head("") + `<a rel=author href=/a>Diêgo Vale</a>`, facts{"authors": list("Diêgo Vale")}},
		{"a job after the name", "", head(`<meta name=author content="Ione Vale, Executive Editor">`), facts{"authors": list("Ione Vale")}},
		{"a job beside the name", "", head("") + `<a rel=author href=/a>Ione Vale<span>Staff Writer</span></a>`, facts{"authors": list("Ione Vale")}},
		{"bylines of other posts", "", head("") + `<a rel=author href=/1>Ione Vale</a><p>` + words + `</p><h2>More</h2><a rel=author href=/2>Tove Lind</a>`, facts{"authors": list("Ione Vale")}},
		{"an audience that is measured", "", head("") + `<p class=meta>Images audited por Ojo Medido</p>`, facts{"authors": []any{}}},
		{"an article in two of Portuguese", "", head(`<meta property=og:site_name content="Kelp">`) + `<span class=author>Do Kelp</span>`, facts{"authors": []any{}}},
		{"a publisher beside a person", "", head(`<meta name=author content="Ediciones Kelp">`) + `<a rel=author href=/a>Ione Vale</a>`, facts{"authors": list("Ione Vale")}},
		{"an organisation's card", "", head("") + `<div class="fn org">Shore Board</div>`, facts{"authors": []any{}}},
		{"an element of an SVG that closes itself", "", `<html><body><svg><title/><path/></svg><h1>Counting</h1><p>By Ione Vale</p>`, facts{"title": "Counting", "authors": list("Ione Vale")}},
		{"months of other languages", "", head("") + `<time>Dilluns, Març 23, 2020</time>`, facts{"published": "2020-03-23"}},
		{"a year that leads a name", "", head("") + `<time>2020. június 4.</time>`, facts{"published": "2020-06-04"}},
		{"a year that leads, with spaces and an hour", "", head("") + `<time>2020. 06. 04. 11:27</time>`, facts{"published": "2020-06-04"}},
		{"a day told in prose", "", head("") + `<p>The shore was counted again on November 5, 2019. It took all of the winter, and nobody was paid.</p>`, facts{"published": nil}},
		{"a day set apart within prose", "", head("") + `<p>` + words + ` <b>on November 5, 2019</b> and went on.</p>`, facts{"published": nil}},
		{"a post that is shown in this one", "", head("") + `<blockquote>A photo posted by Ione on <a href=/p>Nov 5, 2019</a></blockquote>`, facts{"published": nil}},
		{"words that only look like an announcement", "", head("") + `<p>Current DateTime: 23 Sep 2011</p><p>Published: 21 Sep 2011</p>`, facts{"published": "2011-09-21"}},
		{"a change announced apart", "", head("") + `<p><span>Updated:</span> <span>21 Sep 2011</span></p>`, facts{"published": nil}},
		{"the heading that says the title word for word", "", `<meta property=og:title content="Counting: what the sea gives"><h1>What the sea gives: counting it</h1><h2>Counting: what the sea gives</h2>`, facts{"title": "Counting: what the sea gives"}},
		{"the headline that leads the title element", "", `<title>Shells are counted at last | Kelp</title><meta property=og:title content="Whoever counted shells will hate this"><h1>Shells are counted at last</h1>`, facts{"title": "Shells are counted at last"}},
		{"one word in common", "", `<meta property=og:title content="Kelp 1.8, the bountiful update"><h1>Kelp News</h1>`, facts{"title": "Kelp 1.8, the bountiful update"}},
		{"a description cut at its own quote", "", head(`<meta name=description content="The minister tells us that his failure to pass "common sense" laws"><meta property=og:description content='The minister tells us that his failure to pass "common sense" laws haunts him.'>`), facts{"intro": `The minister tells us that his failure to pass "common sense" laws haunts him.`}},
		{"keywords made of the title", "", head(`<meta name=keywords content="Counting, what, the, sea, gives">`), facts{"tags": []any{}}},
		{"what stands among tags and is none", "", head("") + `<div class=tags><a href=/1>Topics</a><a href=/2>Kelp</a><a href=/3>Get alerts for these topics »</a><a href=/4>Tides are higher than they ever were before</a></div>`, facts{"tags": list("Kelp")}},
		{"a comma within a link", "", head("") + `<a rel=tag href=/t>Salt, coarse</a> <a rel=tag href=/u>Kelp,</a>`, facts{"tags": list("Salt, coarse", "Kelp")}},
		{"tags by their address, on a page without an article", "", head("") + `<a href="/tag/1/kelp">Kelp</a> <a href="https://other.example/tag/x/">x</a>`, facts{"tags": list("Kelp"), "sources": map[string]any{"tags": "tag link, outside"}}},
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
