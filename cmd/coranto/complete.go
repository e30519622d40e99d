package main

import (
	"slices"
	"strings"

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
	for _, cmd := range parent.Commands() {
		c.withCompletion(cmd)
		_, path, _ := strings.Cut(cmd.CommandPath(), " ")
		switch {
		case slices.Contains(ofSources, path):
			cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
				list, err := app.SourceNames(c.dir)
				return c.candidates(list, args, err)
			}
		case slices.Contains(ofPosts, path):
			cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
				posts, err := app.Posts(cmd.Context(), c.dir, app.PostFilter{Limit: 200}, c.options())
				var list []string
				for _, p := range posts {
					list = append(list, p.ID+"\t"+printable(p.Title))
				}
				return c.candidates(list, args, err)
			}
		}
	}
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
