package feed

import (
	"bytes"
	"net/url"
	"strings"
)

// parkers are hosts that show pages for domains whose owner has left.
var parkers = []string{
	"sedoparking.com", "sedo.com", "parkingcrew.net", "bodis.com", "above.com", "dan.com", "afternic.com", "hugedomains.com", "parklogic.com",
	"domainmarket.com", "undeveloped.com", "uniregistry.com", "buydomains.com", "domainsponsor.com", "cashparking.com", "parking.reg.ru", "skenzo.com",
	"smartname.com", "voodoo.com", "namebright.com", "brandbucket.com", "atom.com", "squadhelp.com", "efty.com", "parked-content.godaddy.com",
}

// parkedWords stand on such pages and hardly on others, and never in a feed.
var parkedWords = []string{
	"this domain is for sale", "this domain may be for sale", "the domain is for sale", "domain name is for sale", "buy this domain",
	"domain is parked", "this domain is parked", "parked free, courtesy of", "parked domain", "domain has expired", "this domain has recently been registered",
	"inquire about this domain", "make an offer on this domain", "the owner of this domain", "diese domain steht zum verkauf", "diese domain kaufen",
	"ce nom de domaine est", "este dominio está en venta", "domain parking", "related searches", "sponsored listings", "window.park", "data-adblockkey",
}

// parked finds a sign that a page is what remains of a domain whose owner has
// left; "" where it is just a page. One word is enough of the first kinds; what
// other pages say too ("related searches") needs company.
func parked(at string, body []byte) string {
	if u, err := url.Parse(at); err == nil {
		if h := parker(strings.ToLower(u.Hostname())); h != "" {
			return "it leads to " + h
		}
		if strings.HasPrefix(u.Path, "/lander") {
			return "it leads to a page of its registrar"
		}
	}
	text := bytes.ToLower(body[:min(len(body), 64<<10)])
	for _, p := range parkers {
		if bytes.Contains(text, []byte("//"+p)) || bytes.Contains(text, []byte("."+p)) {
			if bytes.Contains(text, []byte("<script")) || bytes.Contains(text, []byte("<frame")) || bytes.Contains(text, []byte("<iframe")) {
				if found := words(text); len(found) > 0 || len(text) < 4096 {
					return "it shows a page of " + p
				}
			}
		}
	}
	found := words(text)
	if len(found) > 1 || len(found) == 1 && found[0] < firm && len(text) < 20<<10 {
		return "it says “" + parkedWords[found[0]] + "”"
	}
	return ""
}

// firm is the number of parkedWords that suffice alone, on a small page.
const firm = 11

func words(text []byte) []int {
	var found []int
	for i, w := range parkedWords {
		if bytes.Contains(text, []byte(w)) {
			found = append(found, i)
		}
	}
	return found
}

func parker(host string) string {
	for _, p := range parkers {
		if host == p || strings.HasSuffix(host, "."+p) {
			return p
		}
	}
	return ""
}
