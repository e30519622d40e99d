package asl

import "fmt"

// The error names of the service that the interpreter itself raises or matches.
const (
	ErrorAll              = "States.ALL"
	ErrorRuntime          = "States.Runtime" // no wildcard matches it
	ErrorTimeout          = "States.Timeout"
	ErrorHeartbeat        = "States.HeartbeatTimeout"
	ErrorTaskFailed       = "States.TaskFailed"
	ErrorDataLimit        = "States.DataLimitExceeded"
	ErrorToleratedFailure = "States.ExceedToleratedFailureThreshold"
	ErrorItemReader       = "States.ItemReaderFailed"
	ErrorResultWriter     = "States.ResultWriterFailed"
	ErrorReferencePath    = "States.ReferencePathConflict"
	ErrorResultPath       = "States.ResultPathMatchFailure" // the specification's name of the one above; matches it
)

// fault is the failure of a state. Its cause is complete but for the words that
// name the state, which where adds when located is false.
type fault struct {
	name    string
	cause   string
	located bool // the cause stands by itself
}

func (f *fault) Error() string { return f.name + ": " + f.cause }

// runtimeFault is States.Runtime with a cause that is to be located.
func runtimeFault(format string, args ...any) *fault {
	return &fault{name: ErrorRuntime, cause: fmt.Sprintf(format, args...)}
}

// where completes the cause as the service words it.
func (f *fault) where(state string, entered int64) *fault {
	if f.located {
		return f
	}
	return &fault{f.name, fmt.Sprintf("An error occurred while executing the state '%s' (entered at the event id #%d). %s", state, entered, f.cause), true}
}

// asFault returns err as a fault.
func asFault(err error) *fault {
	if f, ok := err.(*fault); ok {
		return f
	}
	return runtimeFault("%v", err)
}

// catches reports whether a name in ErrorEquals stands for the fault.
func catches(name string, f *fault) bool {
	switch {
	case f.name == ErrorRuntime:
		return name == ErrorRuntime // the wildcards leave it alone
	case name == f.name, name == ErrorAll:
		return true
	case name == ErrorTaskFailed:
		return f.name != ErrorTimeout && f.name != ErrorHeartbeat
	case name == ErrorResultPath:
		return f.name == ErrorReferencePath
	case name == ErrorTimeout:
		return f.name == ErrorHeartbeat
	}
	return false
}
