package asl

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// home is the execution that threads belong to: the one that was started, or a
// child of a distributed Map, which is an execution of its own to all that looks
// at the context object.
type home struct {
	label    string // of the distributed Map's run; "": the execution itself
	path     string // "Each[3]"
	input    Value
	began    time.Time
	express  bool
	redrives int
	redriven time.Time
	fixed    []Member // the parts of the context object that stay the same
}

type identity struct{ execution, name, machine, machineName string }

// identify returns what a home is called. A child's names are the service's
// where the execution's are, and tell where it stands otherwise.
func (x *Execution) identify(h *home) identity {
	o := x.opts
	if h.label == "" {
		return identity{o.ID, o.Name, o.StateMachine, o.MachineName}
	}
	id := identity{execution: o.ID + "/" + h.path, name: h.path, machine: o.StateMachine + "/" + h.label, machineName: o.MachineName + "/" + h.label}
	if arn, ok := x.arn("execution", h.label); ok {
		id.name = x.uuid(h.path)
		id.execution = arn + id.name
	}
	return id
}

// mapRun names a distributed Map's run.
func (x *Execution) mapRun(t *thread) string {
	run := fmt.Sprintf("%s:%d", t.path(), t.enteredID)
	w, ok := t.state.work.(*mapWork)
	if !ok {
		return ""
	}
	if arn, ok := x.arn("mapRun", w.runLabel(t)); ok {
		return arn + x.uuid(run)
	}
	return x.opts.ID + "/" + run
}

// runLabel is what the runs of a distributed Map are known by.
func (w *mapWork) runLabel(t *thread) string {
	if w.label != "" {
		return w.label
	}
	return t.state.name
}

// arn returns the beginning of the ARN of something that belongs to a Map's
// run, false when the execution's ID is no ARN.
func (x *Execution) arn(kind, label string) (string, bool) {
	parts := strings.Split(x.opts.ID, ":")
	if len(parts) < 8 || parts[0] != "arn" {
		return "", false
	}
	parts[5] = kind
	return strings.Join(parts[:7], ":") + "/" + label + ":", true
}

// uuid makes a UUID of the seed and a text that nothing else in the execution
// has.
func (x *Execution) uuid(text string) string {
	b := binary.BigEndian.AppendUint64(nil, x.seed)
	sum := sha256.Sum256(append(append(b, x.opts.ID...), text...))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
