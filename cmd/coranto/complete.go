package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coranto/coranto/internal/app"
)

// ofSources take ids of sources, ofPosts ids of posts.
var (
	ofSources = []string{"source show", "source accept", "source pause", "source resume", "source retire", "source test", "run", "plan", "reprocess"}
	ofPosts   = []string{"post show", "post explain", "post hide", "post unhide", "post pin", "post unpin", "post embargo", "post unembargo", "post approve", "post unapprove"}
)

// withCompletion lets the shell complete what commands take.
func (c *cli) withCompletion(parent *cobra.Command) {
	kinds := []struct {
		paths []string
		list  func(context.Context) ([]string, error)
	}{
		{ofSources, func(context.Context) ([]string, error) { return app.SourceNames(c.dir) }},
		{ofPosts, c.postIDs},
		{[]string{"rollback"}, c.releaseIDs},
		{[]string{"runs show", "runs cancel", "runs redrive"}, c.runIDs},
		{[]string{"workflow run", "workflow graph", "workflow validate", "workflow eject"}, c.workflowNames},
		{[]string{"secret rm"}, c.secretNames},
	}
	for _, cmd := range parent.Commands() {
		c.withCompletion(cmd)
		_, path, _ := strings.Cut(cmd.CommandPath(), " ")
		for _, k := range kinds {
			if slices.Contains(k.paths, path) {
				cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
					list, err := k.list(cmd.Context())
					return c.candidates(list, args, err)
				}
			}
		}
		for flag, list := range map[string]func(context.Context) ([]string, error){"source": kinds[0].list, "zone": c.zoneNames} {
			if cmd.Flags().Lookup(flag) != nil {
				_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
					names, err := list(cmd.Context())
					return c.candidates(names, nil, err)
				})
			}
		}
	}
}

func (c *cli) postIDs(ctx context.Context) ([]string, error) {
	posts, err := app.Posts(ctx, c.dir, app.PostFilter{Limit: 200}, c.options())
	var list []string
	for _, p := range posts {
		list = append(list, p.ID+"\t"+printable(p.Title))
	}
	return list, err
}

func (c *cli) releaseIDs(context.Context) ([]string, error) {
	releases, err := app.Releases(c.dir, c.options())
	var list []string
	for _, r := range releases {
		if !r.Current {
			list = append(list, short(r.ID)+"\tbuilt "+r.Created.Local().Format(time.DateTime))
		}
	}
	return list, err
}

func (c *cli) runIDs(ctx context.Context) ([]string, error) {
	runs, err := app.Runs(ctx, c.dir, 50)
	list := []string{"last\tthe newest"}
	for _, r := range runs {
		list = append(list, string(r.ID)+"\t"+r.Workflow+" "+strings.ToLower(string(r.Status)))
	}
	return list, err
}

func (c *cli) workflowNames(context.Context) ([]string, error) {
	workflows, err := app.Workflows(c.dir)
	var list []string
	for _, w := range workflows {
		list = append(list, w.Name+"\t"+w.Origin)
	}
	return list, err
}

func (c *cli) secretNames(context.Context) ([]string, error) {
	store, err := app.Secrets(c.dir)
	if err != nil {
		return nil, err
	}
	return store.List()
}

func (c *cli) zoneNames(context.Context) ([]string, error) {
	zones, err := app.Zones(c.dir)
	var list []string
	for _, z := range zones {
		list = append(list, z.Name)
	}
	return list, err
}

// candidates are those that are not typed yet.
func (c *cli) candidates(list, typed []string, err error) ([]string, cobra.ShellCompDirective) {
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.DeleteFunc(list, func(s string) bool {
		id, _, _ := strings.Cut(s, "\t")
		return slices.Contains(typed, id)
	}), cobra.ShellCompDirectiveNoFileComp
}
