package config

import "strings"

// TemplateData is what a new file starts from.
type TemplateData struct{ Title, URL, Language, Timezone string }

// Template returns the file that a new site starts with.
func Template(t TemplateData) []byte {
	or(&t.Title, "News")
	or(&t.Language, "en")
	or(&t.Timezone, "UTC")
	address := "# url: https://news.example.org   # where the site is published; its feeds and sitemap need it"
	if t.URL != "" {
		address = "url: " + plain(t.URL, false)
	}
	r := strings.NewReplacer("TITLE", plain(t.Title, false), "ADDRESS", address, "LANGUAGE", plain(t.Language, false), "TIMEZONE", plain(t.Timezone, false))
	return []byte(r.Replace(`site:
  title: TITLE
  ADDRESS
  language: LANGUAGE
  timezone: TIMEZONE

# When runs start: rate(2 hours), or a time of day such as cron(0 6 * * ? *).
schedule: rate(2 hours)

# fetch:
#   identity: "+https://news.example.org/bot"   # tells hosts whose reader this is

# The sites that are followed. ` + "`coranto add URL`" + ` finds the feed of a page and adds it here.
sources:
  # - https://blog.example.com/feed
  # - {id: alice, url: https://alice.example/atom.xml, tags: [go], author: Alice}
`))
}
