package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
	"github.com/coranto/coranto/internal/sampleweb"
	"github.com/coranto/coranto/internal/trust"
)

func (c *cli) demoCmd() *cobra.Command {
	var listen string
	var seed uint64
	var once, dry bool
	cmd := &cobra.Command{
		Use:   "demo [DIR]",
		Short: "Watch it work, with a small web of its own",
		Long: `Starts a dozen invented blogs on loopback, some of them broken in the ways that
real ones are, makes a site directory that follows them, runs the whole
workflow, and serves the site. New posts appear every few seconds and go live
while you watch. Everything but the blogs is as it is with ` + "`coranto serve`" + `.
The directory stays: coranto -C DIR status works meanwhile and afterwards.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) > 0 {
				dir = args[0]
			}
			if dry {
				return c.planDemo(dir, seed)
			}
			return c.demo(cmd, dir, listen, seed, once)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address of the site (default 127.0.0.1:8080, or a free port)")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "another seed, other posts")
	cmd.Flags().BoolVar(&once, "once", false, "end after the first run instead of serving")
	cmd.Flags().BoolVarP(&dry, "dry-run", "n", false, "tell what it would make and start, but do nothing")
	return cmd
}

func (c *cli) planDemo(dir string, seed uint64) error {
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "coranto-demo-*", "site")
	}
	if c.json {
		return object(c.out, map[string]any{"directory": dir, "seed": seed, "dry_run": true})
	}
	fmt.Fprintf(c.out, "made    nothing; it would be %s, with a dozen invented blogs on loopback\n", dir)
	return nil
}

func (c *cli) demo(cmd *cobra.Command, dir, listen string, seed uint64, once bool) error {
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	web, err := sampleweb.Start(ctx, sampleweb.Options{Seed: seed, Faults: true, RetryAfter: true})
	if err != nil {
		return fmt.Errorf("start the sample web: %w", err)
	}
	defer web.Close()
	if dir == "" {
		if dir, err = os.MkdirTemp("", "coranto-demo-"); err != nil {
			return err
		}
		dir = filepath.Join(dir, "site")
	}
	l, err := demoListener(listen)
	if err != nil {
		return err
	}
	defer l.Close()
	address := "http://" + l.Addr().String()
	fmt.Fprintf(c.out, "web     %d blogs on loopback, among them %s\n", len(web.Sources()), faults(web.Sources()))
	// Without a home there is no place to remember trust; the demo brings one.
	if _, err := os.UserHomeDir(); err != nil && os.Getenv(trust.EnvDir) == "" {
		os.Setenv(trust.EnvDir, filepath.Join(filepath.Dir(dir), "trust"))
	}
	if _, err := app.Init(ctx, dir, demoYAML(web.Sources(), address), c.options()); err != nil {
		return err
	}
	if _, err := app.Trust(dir, false); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "made    %s with coranto.yaml\n", dir)
	o := c.options()
	p := newProgress(c.err)
	o.Observe = p.observe
	a, err := app.Open(ctx, dir, o)
	if err != nil {
		return err
	}
	defer a.Close()
	began, ran, ready := time.Now(), false, false
	tell := func(h app.Happening) {
		switch {
		case ready:
			c.tell(h, "")
		case h.Run != nil:
			ran = true
			p.done()
			printRun(c.out, *h.Run, time.Since(began))
		case h.Published != nil && !ran:
			// The site without posts, up before the first run.
		case h.Published != nil:
			p.stop()
			ready = true
			printPublished(c.out, h.Published)
			fmt.Fprintf(c.out, "\n  %s/\n\n", address)
			fmt.Fprintf(c.out, "A post appears every 10 seconds and is live soon after. Ctrl-C ends it.\nMeanwhile: go run ./cmd/coranto -C %s status\n\n", quote(dir))
			web.AutoPublish(10 * time.Second)
			if once {
				stop()
			}
		default:
			c.tell(h, "")
		}
	}
	err = a.Serve(ctx, l, app.ServeOptions{Tell: tell})
	p.stop()
	if err == nil && !once {
		fmt.Fprintln(c.err, "stopped; the site directory stays:", dir)
	}
	return err
}

// demoListener takes the address asked for, the usual one, or any free port.
func demoListener(listen string) (net.Listener, error) {
	var lc net.ListenConfig
	if listen != "" {
		return lc.Listen(context.Background(), "tcp", listen)
	}
	if l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:8080"); err == nil {
		return l, nil
	}
	return lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// faults names what is wrong with some of the blogs.
func faults(sites []sampleweb.Site) string {
	words := map[sampleweb.Fault]string{
		sampleweb.Error: "one that answers 500", sampleweb.Hang: "one that hangs", sampleweb.Malformed: "one malformed",
		sampleweb.Gone: "one gone", sampleweb.Moved: "one moved", sampleweb.Repeat: "one that repeats another's posts",
		sampleweb.Flaky: "one that is busy every second time",
	}
	var out []string
	for _, s := range sites {
		if w := words[s.Fault]; w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

// demoYAML is the configuration of the demo, as a user would write it.
func demoYAML(sites []sampleweb.Site, address string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `# Written by coranto demo: a planet of invented blogs on this machine.
site:
  title: The Demo Courier
  description: Twelve invented blogs, read from loopback, some of them broken.
  url: %s
  language: en

schedule: rate(5 seconds)   # a real planet says rate(1 hour)

fetch:
  timeout: 3s
  every: 5s                 # real sources are asked at their own pace
  zone: loopback            # the public network is the default
  per_host: {gap: 0s}       # and so are two seconds between requests

# Loopback is no public network: a zone allows it, and takes effect once it is
# trusted (the demo does that for you).
zones:
  loopback: {allow: [127.0.0.0/8]}

freshness: {max_age: 5m}

sources:
`, address)
	for _, s := range sites {
		kind := ""
		if s.Kind != "blog" {
			kind = ", kind: " + s.Kind
		}
		fmt.Fprintf(&b, "  - {id: %s, url: %q%s}\n", s.ID, s.FeedURL, kind)
	}
	return []byte(b.String())
}
