package app

import (
	"context"

	"github.com/coranto/coranto/internal/job"
)

// checkCages asks whether tasks that name a zone can be kept in it.
func (d *doctor) checkCages(context.Context) []Finding {
	n := 0
	for _, t := range d.config.Tasks {
		if t.Zone != "" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	if err := job.Confines(d.o.Confine); err != nil {
		return []Finding{{Name: "tasks", Level: Warning, Text: "tasks in a zone are told of its gate, but nothing keeps them from other ways: " + err.Error(),
			Hint: "allow user namespaces, or let the machine's firewall keep them"}}
	}
	return fine("tasks", "%d of them kept in a zone", n)
}
