package asl

// Limits bounds an execution. Zero fields do not bound, but for Steps.
type Limits struct {
	Payload int // bytes of the JSON that a state hands on; beyond: States.DataLimitExceeded
	History int // events of the history; beyond, the execution fails
	Steps   int // states entered in answer to one event, against endless loops; zero: 10,000,000
}

const defaultSteps = 10_000_000

// payload returns the limit of one value. There always is one: a state that
// doubles its input in a loop must not take the machine down.
func (l Limits) payload() int {
	if l.Payload > 0 {
		return l.Payload
	}
	return MaxValueBytes
}

// ServiceLimits returns the limits of the real service.
func ServiceLimits() Limits {
	return Limits{Payload: 256 << 10, History: 25_000}
}
