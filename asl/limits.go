package asl

// Limits bounds an execution. Zero fields do not bound, but for Steps.
type Limits struct {
	Payload int // bytes of the JSON that a state hands on; beyond: States.DataLimitExceeded
	History int // events of the history; beyond, the execution fails
	Steps   int // states entered in answer to one event, against endless loops; zero: 10,000,000
}

const defaultSteps = 10_000_000

// ServiceLimits returns the limits of the real service.
func ServiceLimits() Limits {
	return Limits{Payload: 256 << 10, History: 25_000}
}
