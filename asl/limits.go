package asl

// Limits bounds an execution. Zero fields do not bound.
type Limits struct {
	Payload     int // bytes of the JSON that passes between states; beyond: States.DataLimitExceeded
	History     int // events of an execution; beyond, it fails
	Variable    int // bytes of one variable
	Variables   int // bytes of all variables of an execution
	Concurrency int // items a Map runs at once when it does not say
	Transitions int // states an execution may enter
}

// ServiceLimits returns the limits of the real service.
func ServiceLimits() Limits {
	return Limits{Payload: 256 << 10, History: 25_000, Variable: 256 << 10, Variables: 10 << 20, Concurrency: 40}
}
