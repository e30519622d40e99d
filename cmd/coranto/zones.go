package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/job"
	"github.com/coranto/coranto/internal/pipeline"
)

func (c *cli) zonesCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "zones", Short: "See where requests may go",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.zonesListCmd(), c.zonesCheckCmd(), c.zonesTunnelCmd(), c.zonesConfineCmd())
	return cmd
}

func (c *cli) zonesListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the network zones", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			list, err := app.Zones(c.dir)
			if err != nil {
				return err
			}
			t := table{head: []string{"ZONE", "ALLOWS", "PORTS", "FROM", "BY", "SOURCES", "TRUSTED"}, wrap: 1}
			for _, z := range list {
				if c.json {
					if err := object(c.out, z); err != nil {
						return err
					}
					continue
				}
				name := z.Name
				if z.Default {
					name += " (default)"
				}
				ports := strings.Trim(fmt.Sprint(z.Ports), "[]")
				t.add(name, strings.Join(z.Allow, " "), or(ports, "any"), or(z.Source, "any"), or(z.Proxy, "direct"), fmt.Sprint(z.Sources), yes(z.Trusted))
			}
			t.print(c.out)
			return nil
		},
	}
}

func (c *cli) zonesCheckCmd() *cobra.Command {
	var zone string
	var follow bool
	cmd := &cobra.Command{
		Use:   "check URL",
		Short: "Explain whether a zone lets a URL pass",
		Long: `Looks the host up and says of each address whether the zone may reach it, and
why not. The server is not asked, unless --follow is given: then it is, and so
is every address it redirects to. Of a remote that git reaches by ssh, host and
port are looked at. Exits with 1 where a hop does not pass.`,
		Example: "  coranto zones check http://wiki.corp.example --zone office\n  coranto zones check https://alice.example/feed --follow\n  coranto zones check git@git.corp.example:team/news.git --zone office",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			hops, err := app.CheckZone(cmd.Context(), c.dir, args[0], zone, follow, c.options())
			if err != nil {
				return err
			}
			for _, h := range hops {
				if c.json {
					if err := object(c.out, h); err != nil {
						return err
					}
				} else {
					c.printHop(h)
				}
				if h.Err() != nil {
					c.code = pipeline.ExitError
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&zone, "zone", "", "zone to check (default: the one of sources that name none)")
	cmd.Flags().BoolVar(&follow, "follow", false, "ask, and follow redirects")
	return cmd
}

// zonesTunnelCmd is what ssh runs in place of connecting, where a remote is in
// a zone.
func (c *cli) zonesTunnelCmd() *cobra.Command {
	return &cobra.Command{
		Use: "tunnel HOST PORT", Short: "Lead ssh into a zone", Args: cobra.ExactArgs(2), Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return egress.Tunnel(cmd.Context(), os.Getenv(app.EnvGate), net.JoinHostPort(args[0], args[1]), c.in, c.out)
		},
	}
}

// zonesConfineCmd becomes a task in a network of its own.
func (c *cli) zonesConfineCmd() *cobra.Command {
	return &cobra.Command{
		Use: "confine FILE NAME [ARGUMENT…]", Short: "Become a command in a network of its own", Hidden: true, DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return job.RunConfined(args) },
	}
}

func (c *cli) printHop(h app.Hop) {
	verdict := "passes"
	if !h.Allowed {
		verdict = "denied"
	}
	fmt.Fprintf(c.out, "%s  %s  in zone %s\n", verdict, h.URL, h.Zone)
	for _, a := range h.Addresses {
		if a.Allowed {
			fmt.Fprintf(c.out, "        %s may be reached", a.Address)
			if h.Source != "" {
				fmt.Fprintf(c.out, " from %s", h.Source)
			}
			fmt.Fprintln(c.out)
		} else {
			fmt.Fprintf(c.out, "        %s\n", a.Why)
		}
	}
	if h.Proxy != "" {
		fmt.Fprintf(c.out, "        by proxy %s\n", h.Proxy)
	}
	if !h.Allowed && !strings.Contains(fmt.Sprint(h.Addresses), h.Why) {
		fmt.Fprintf(c.out, "        %s\n", h.Why)
	}
	switch {
	case h.Error != "":
		fmt.Fprintf(c.out, "        %s\n", h.Error)
	case h.Location != "":
		fmt.Fprintf(c.out, "        answers %d, redirects to %s\n", h.Status, h.Location)
	case h.Status != 0:
		fmt.Fprintf(c.out, "        answers %d\n", h.Status)
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// round shortens a duration for people.
func round(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// indented prints JSON for people.
func indented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
