package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) sourceTestCmd() *cobra.Command {
	var t app.TestOptions
	var r coranto.Recipe
	var noPages bool
	cmd := &cobra.Command{
		Use:   "test ID|URL",
		Short: "Show what a source would yield now, and why each entry is kept or dropped",
		Long: `Asks the source once and compares its entries with what is kept, as a run
would. Nothing is written. A verdict is one of

  new        becomes a post; its page may be closed by robots.txt
  known      is a post already; the key says by what it is known
  merged     another source has the article: that post gets an "also"
  same       as an entry before it
  filtered   by include, exclude or limit
  dropped    has nothing by which it could be known again

An address that is no source yet is tried as if it were one. The flags try a
recipe before it is written into coranto.yaml.`,
		Example: `  coranto source test alice
  coranto source test https://vendor.example/news --item article --title h2 --link a@href --date time
  coranto source test https://vendor.example/sitemap.xml --scrape sitemap --limit 10`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t.Recipe, t.Pages = &r, !noPages
			p, err := app.TestSource(cmd.Context(), c.dir, args[0], t, c.options())
			if err != nil {
				return err
			}
			if c.json {
				return object(c.out, p)
			}
			c.folding(func() { c.printPreview(p) })
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&t.Zone, "zone", "", "network zone of the requests")
	f.StringVar(&t.Scrape, "scrape", "", "read a page or sitemap: auto, h-feed, json-ld or sitemap")
	f.IntVar(&t.Limit, "limit", 0, "only the newest so many entries")
	f.BoolVar(&noPages, "no-robots", false, "do not ask for robots.txt of the new entries' pages")
	for _, s := range []struct {
		name, about string
		to          *string
	}{
		{"item", "CSS selector of one entry", &r.Item}, {"id", "selector of its identity", &r.ID}, {"title", "selector of its title", &r.Title},
		{"link", "selector of its link", &r.Link}, {"date", "selector of its date", &r.Date}, {"image", "selector of its picture", &r.Image},
		{"intro", "selector of its intro", &r.Intro}, {"author", "selector of its author", &r.Author}, {"tags", "selector of its tags", &r.Tags},
	} {
		f.StringVar(s.to, s.name, "", s.about)
	}
	return cmd
}

func (c *cli) printPreview(p *pipeline.Preview) {
	what := formatName(p.Format, p.Version)
	if p.Status == 410 {
		fmt.Fprintf(c.out, "gone    %s answers 410: it would not be asked again\n", p.Source.URL)
		return
	}
	fmt.Fprintf(c.out, "read    %s  (%s, %s)\n", p.Source.URL, what, plural(len(p.Entries), "entry", "entries"))
	if p.FinalURL != "" {
		fmt.Fprintf(c.out, "moved   to %s\n", p.FinalURL)
	}
	if p.Title != "" {
		fmt.Fprintf(c.out, "title   %s\n", clip(p.Title, 100))
	}
	var notes []string
	if p.Malformed {
		notes = append(notes, "it is damaged; what can be read is")
	}
	if p.Truncated {
		notes = append(notes, "it is larger than is read")
	}
	if p.Beyond > 0 {
		notes = append(notes, fmt.Sprintf("%d more entries are not read", p.Beyond))
	}
	if !p.Validated {
		notes = append(notes, "it sends no ETag or Last-Modified: every request transfers all of it")
	}
	for _, n := range notes {
		fmt.Fprintf(c.out, "note    %s\n", n)
	}
	t := table{head: []string{"VERDICT", "DATE", "TITLE", "WHY"}, wrap: 3}
	for _, e := range p.Entries {
		day := "-"
		if at := e.Entry.Published; !at.IsZero() {
			day = at.Format("2006-01-02")
		} else if at := e.Entry.Updated; !at.IsZero() {
			day = at.Format("2006-01-02")
		}
		title := e.Entry.Title
		if title == "" {
			title = e.Entry.Link
		}
		t.add(string(e.Verdict), day, clip(title, 60), why(e))
	}
	t.print(c.out)
	var counts []string
	for _, v := range []pipeline.Verdict{pipeline.VerdictNew, pipeline.VerdictKnown, pipeline.VerdictMerged, pipeline.VerdictSame, pipeline.VerdictFiltered, pipeline.VerdictDropped} {
		if n := p.Counts[v]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if len(counts) > 0 {
		fmt.Fprintf(c.out, "sum     %s\n", strings.Join(counts, ", "))
	}
}

// why says in a few words why an entry has its verdict.
func why(e pipeline.PreviewedEntry) string {
	switch {
	case e.Why != "":
		return e.Why
	case e.Verdict == pipeline.VerdictKnown:
		return "post " + e.Post + ", by " + strings.Join(e.Keys, " ")
	case e.Verdict == pipeline.VerdictMerged:
		return "joins post " + e.Post
	case e.Verdict == pipeline.VerdictSame:
		return "stands in the document already"
	case e.Robots != "":
		return "the feed's own words only: " + e.Robots
	}
	return strings.Join(e.Keys, " ")
}

func formatName(format, version string) string {
	name := formatNames[format]
	if name == "" {
		name = format
	}
	return strings.TrimSpace(name + " " + version)
}
