package asl

import "errors"

// Type says how an execution is run and charged for; here it is only told to
// the context object.
type Type string

// The types, in the service's words.
const (
	Standard Type = "STANDARD"
	Express  Type = "EXPRESS"
)

// Options tells an execution who it is. The zero value works.
type Options struct {
	ID           string             // of the execution, for the context object
	Name         string             // of the execution
	StateMachine string             // id of the machine
	MachineName  string             // name of the machine
	RoleArn      string             // for the context object
	Type         Type               // zero: Standard
	Limits       Limits             // zero: none
	History      func(HistoryEvent) // called in order during Apply; nil: no history is made
}

// ErrMisuse is wrapped by the errors of Apply: an event before Started, a
// second Started, an event without its time.
var ErrMisuse = errors.New("asl: misuse")

// Execution is one run of a machine. It is a pure function of the events it is
// given: it starts no goroutine and reads no clock. Not for concurrent use.
type Execution struct {
	machine *Machine
	opts    Options
	status  Status
}

// New returns an execution that waits for its Started event.
func New(m *Machine, o Options) *Execution {
	return &Execution{machine: m, opts: o, status: StatusRunning}
}

// Apply takes an event and returns what is to be done because of it, in order.
// An event whose ID is unknown or no longer of interest is ignored: results
// come late. After the Done command every event is. The error is for misuse
// only; an execution that fails says so in its Done command.
func (x *Execution) Apply(ev Event) ([]Command, error) {
	return nil, nil
}

// Status returns how the execution stands.
func (x *Execution) Status() Status { return x.status }
