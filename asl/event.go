package asl

import "time"

// EventKind says what happened to an execution.
type EventKind string

// The events an Execution takes. Everything that comes from outside arrives in
// one of these, with its time, so the same events give the same execution.
const (
	Started       EventKind = "started"        // Input, Seed
	TaskSucceeded EventKind = "task-succeeded" // ID, Output
	TaskFailed    EventKind = "task-failed"    // ID, Error, Cause
	TaskSubmitted EventKind = "task-submitted" // ID, Output: a callback or .sync task is under way elsewhere
	TaskHeartbeat EventKind = "task-heartbeat" // ID: a callback task is alive
	TimerFired    EventKind = "timer-fired"    // ID
	Aborted       EventKind = "aborted"        // Error, Cause: somebody stopped it
	Redriven      EventKind = "redriven"       // after it has ended: it goes on, see Execution.Redrivable
)

// Event is something that happened, told to Execution.Apply.
type Event struct {
	Kind   EventKind
	Time   time.Time
	ID     uint64 // the Command.ID of the task or timer that it answers
	Seed   uint64 // Started: what UUIDs, random numbers and jitter come from
	Input  Value  // Started
	Output Value  // TaskSucceeded, TaskSubmitted
	Error  string // TaskFailed, Aborted
	Cause  string // TaskFailed, Aborted
}

// CommandKind says what an execution asks for.
type CommandKind string

// The commands an Execution gives.
const (
	RunTask     CommandKind = "run-task"
	CancelTask  CommandKind = "cancel-task" // ID: its result is no longer wanted
	StartTimer  CommandKind = "start-timer"
	CancelTimer CommandKind = "cancel-timer"
	Done        CommandKind = "done" // the last, unless it is redriven
)

// Status is how an execution ended.
type Status string

// The statuses, in the service's words.
const (
	StatusRunning   Status = "RUNNING"
	StatusSucceeded Status = "SUCCEEDED"
	StatusFailed    Status = "FAILED"
	StatusTimedOut  Status = "TIMED_OUT"
	StatusAborted   Status = "ABORTED"
)

// Command is something to be done for an execution. IDs are dense, start at 1
// and are the same in every replay.
type Command struct {
	Kind CommandKind
	ID   uint64

	// RunTask.
	State    string // name of the state
	Path     string // where it stands: "EachSource[3]/Fetch", unique among what is in flight
	Resource string
	Input    Value
	Attempt  int    // 0 first, then counting retries
	Token    string // task token, for a callback task; it ends by SendTask… rather than by the handler's return

	// StartTimer.
	At time.Time

	// Done.
	Status Status
	Output Value
	Error  string
	Cause  string
}
