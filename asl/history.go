package asl

import "time"

// HistoryEvent is one line of an execution's history, in the service's event
// types: ExecutionStarted, TaskStateEntered, MapIterationFailed …
// Fields an event has no use for are zero.
type HistoryEvent struct {
	ID       int64     `json:"id"`   // from 1, dense
	Prev     int64     `json:"prev"` // the event this one follows from, 0 at the start
	Type     string    `json:"type"`
	Time     time.Time `json:"time"`
	Name     string    `json:"name,omitempty"` // of the state; of an iteration its Map state's
	Input    Value     `json:"input,omitzero"`
	Output   Value     `json:"output,omitzero"`
	Error    string    `json:"error,omitempty"`
	Cause    string    `json:"cause,omitempty"`
	Resource string    `json:"resource,omitempty"`
	// ResourceType is the service of a task's resource, as in "lambda" or "aws-sdk:s3".
	ResourceType string `json:"resourceType,omitempty"`
	Timeout      int    `json:"timeout,omitempty"`   // seconds; of a scheduled task
	Heartbeat    int    `json:"heartbeat,omitempty"` // seconds; of a scheduled task
	Index        int    `json:"index,omitempty"`     // of a Map iteration, from 0
	Length       int    `json:"length,omitempty"`    // MapStateStarted: the number of items
	Task         uint64 `json:"task,omitempty"`      // the Command.ID of a task event
	Assigned     Value  `json:"assigned,omitzero"`   // object of the variables a state assigned
	Redrives     int    `json:"redrives,omitempty"`  // ExecutionRedriven, MapRunRedriven: how often it has been
}
