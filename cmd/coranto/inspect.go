package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

func (c *cli) feedCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "feed", Short: "Look into feeds",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var zone, url string
	parse := &cobra.Command{
		Use:   "parse FILE|URL",
		Short: "Read a feed and print it as one JSON document",
		Long: `Reads a file ("-": standard input) or an address, and prints the feed as Coranto
understands it: charset, format, and every entry with dates in UTC, links
absolute and HTML sanitised. With --json it is one line.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := app.ReadDocument(cmd.Context(), c.dir, args[0], zone, c.stdin, c.options())
			if err != nil {
				return err
			}
			if url != "" {
				d.URL = url
			}
			doc, err := app.ParseFeed(d)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return c.document(doc)
		},
	}
	inspectFlags(parse, &zone, &url)
	cmd.AddCommand(parse)
	return cmd
}

func (c *cli) pageCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "page", Short: "Look into web pages",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var zone, url string
	inspect := &cobra.Command{
		Use:   "inspect FILE|URL",
		Short: "Read what a page says of itself, and by which rule",
		Long: `Reads a file ("-": standard input) or an address, and prints title, intro,
authors, dates, picture, tags, language and main content; "sources" names the
rule that found each. What the page does not say is left out, never guessed.
With --json it is one line.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := app.ReadDocument(cmd.Context(), c.dir, args[0], zone, c.stdin, c.options())
			if err != nil {
				return err
			}
			if url != "" {
				d.URL = url
			}
			page, err := app.InspectPage(d, c.options())
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return c.document(page)
		},
	}
	inspectFlags(inspect, &zone, &url)
	cmd.AddCommand(inspect)
	return cmd
}

func inspectFlags(cmd *cobra.Command, zone, url *string) {
	cmd.Flags().StringVar(zone, "zone", "", "network zone of the request")
	cmd.Flags().StringVar(url, "url", "", "where the document is from, for its relative links")
}

// document prints one JSON document: for people over several lines.
func (c *cli) document(v any) error {
	if c.json {
		return object(c.out, v)
	}
	return indented(c.out, v)
}

func (c *cli) mannersCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "manners",
		Short: "Show how each server was treated",
		Long: `Counts what the servers' own logs would show, an origin a line: requests, how
many were conditional and how many of those were answered 304, the shortest
pause between two requests, how often it asked to be left alone (Retry-After)
and whether it was, and bytes. Counted since the state began.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := app.Manners(cmd.Context(), c.dir)
			if err != nil {
				return err
			}
			t := table{head: []string{"ORIGIN", "REQUESTS", "CONDITIONAL", "304", "ERRORS", "GAP", "RETRY-AFTER", "BYTES"}, wrap: 0}
			for _, m := range list {
				if c.json {
					if err := object(c.out, m); err != nil {
						return err
					}
					continue
				}
				gap, retry := "-", "-"
				if m.MinGap > 0 {
					gap = round(m.MinGap)
				}
				if m.RetryAfter > 0 {
					retry = fmt.Sprintf("%d of %d obeyed", m.Obeyed(), m.RetryAfter)
				}
				t.add(m.Origin, fmt.Sprint(m.Requests), percent(m.Conditional, m.Requests), fmt.Sprint(m.NotModified), fmt.Sprint(m.Errors+m.Unanswered), gap, retry, bytesText(m.Bytes))
			}
			t.print(c.out)
			return nil
		},
	}
}

func percent(part, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%d%%", 100*part/of)
}

func bytesText(n int64) string {
	const units = "kMGT"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1000, 0
	for v >= 999.5 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return strings.Replace(fmt.Sprintf("%.1f %cB", v, units[i]), ".0 ", " ", 1)
}
