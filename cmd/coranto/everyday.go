package main

import "github.com/spf13/cobra"

// everyday are the commands of a keeper's daily round.
func (c *cli) everyday() []*cobra.Command {
	return []*cobra.Command{c.postCmd(), c.notifyCmd(), c.checkCmd(), c.planCmd(), c.reprocessCmd(), c.configCmd(), c.doctorCmd(), c.fmtCmd()}
}
