package main

import (
	"container/heap"
	"strings"
	"time"

	"github.com/coranto/coranto/asl"
)

const (
	aslAccount = "us-east-1:111111111111"
	aslMachine = "machine"
	aslRun     = "run"
	aslRole    = "arn:aws:iam::111111111111:role/sfn_role"
)

// aslOptions is who the executions of recorded cases are.
func aslOptions(kind asl.Type) asl.Options {
	o := asl.Options{
		ID:           "arn:aws:states:" + aslAccount + ":execution:" + aslMachine + ":" + aslRun,
		Name:         aslRun,
		StateMachine: "arn:aws:states:" + aslAccount + ":stateMachine:" + aslMachine,
		MachineName:  aslMachine,
		RoleArn:      aslRole,
		Type:         kind,
		Limits:       asl.ServiceLimits(),
	}
	if kind == asl.Express {
		o.ID = "arn:aws:states:" + aslAccount + ":express:" + aslMachine + ":" + aslRun + ":id"
	}
	return o
}

// aslQueue holds the events to come, the earliest first; at the same time
// those that were put in first.
type aslQueue []aslQueued

type aslQueued struct {
	asl.Event
	order int
}

func (q aslQueue) Len() int { return len(q) }
func (q aslQueue) Less(i, j int) bool {
	if c := q[i].Time.Compare(q[j].Time); c != 0 {
		return c < 0
	}
	return q[i].order < q[j].order
}
func (q aslQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *aslQueue) Push(v any)   { *q = append(*q, v.(aslQueued)) }
func (q *aslQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// aslClock runs an execution in virtual time: nothing waits, but all happens in
// the order that real time would give.
type aslClock struct {
	queue aslQueue
	order int
	tasks *aslTasks
}

func (c *aslClock) put(ev asl.Event) {
	c.order++
	heap.Push(&c.queue, aslQueued{ev, c.order})
}

// run returns the Done command, false when the execution never ends.
func (c *aslClock) run(x *asl.Execution, input asl.Value) (asl.Command, bool) {
	c.put(asl.Event{Kind: asl.Started, Time: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Seed: 1, Input: input})
	for c.queue.Len() > 0 {
		ev := heap.Pop(&c.queue).(aslQueued).Event
		commands, err := x.Apply(ev)
		if err != nil {
			return asl.Command{}, false
		}
		for _, cmd := range commands {
			switch cmd.Kind {
			case asl.RunTask:
				if answer, after, ok := c.tasks.answer(cmd); ok {
					answer.ID, answer.Time = cmd.ID, ev.Time.Add(after)
					c.put(answer)
				}
			case asl.StartTimer:
				c.put(asl.Event{Kind: asl.TimerFired, Time: cmd.At, ID: cmd.ID})
			case asl.Done:
				return cmd, true
			}
		}
	}
	return asl.Command{}, false
}

func executeASL(definition []byte, o asl.ParseOptions, req aslRequest) aslReply {
	m, err := asl.ParseWith(definition, o)
	if err != nil {
		return aslReply{Status: "UNSUPPORTED", Message: err.Error()}
	}
	options := aslOptions(req.MachineType)
	var events []aslEvent
	options.History = func(ev asl.HistoryEvent) { events = appendASLEvent(events, ev) }
	clock := &aslClock{tasks: newASLTasks(req.Tasks)}
	done, ok := clock.run(asl.New(m, options), req.Input)
	if !ok {
		return aslReply{Status: "UNSUPPORTED", Message: "the execution never ends"}
	}
	return aslReply{Status: string(done.Status), Output: done.Output, Error: done.Error, Cause: done.Cause, Events: events}
}

// appendASLEvent leaves out what the recordings leave out.
func appendASLEvent(events []aslEvent, ev asl.HistoryEvent) []aslEvent {
	if ev.Type == "ParallelStateSucceeded" || ev.Type == "ParallelStateFailed" {
		return events
	}
	e := aslEvent{ID: ev.ID, Prev: ev.Prev, Type: ev.Type, Name: ev.Name, Input: ev.Input, Output: ev.Output, Error: ev.Error, Cause: ev.Cause, Assigned: ev.Assigned}
	if strings.HasPrefix(ev.Type, "MapIteration") {
		e.Index = &ev.Index
	}
	return append(events, e)
}
