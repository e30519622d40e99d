package asl

import (
	"fmt"
	"time"
)

// TestStatus is what became of a state that was tested.
type TestStatus string

// The statuses of a TestResult, in the service's words.
const (
	TestSucceeded TestStatus = "SUCCEEDED"
	TestFailed    TestStatus = "FAILED"
	TestRetriable TestStatus = "RETRIABLE"    // a retrier would try again
	TestCaught    TestStatus = "CAUGHT_ERROR" // a catcher leads to NextState
)

// TestOptions is what a state is tested with.
type TestOptions struct {
	Options                         // who the execution would be
	Input          Value            // Absent: {}
	State          string           // where the definition is a machine: the state's name, at any depth
	Context        Value            // fields of the context object that differ
	Variables      Value            // object of the variables in scope
	Mock           *Mock            // what the work answers
	Run            func(Task) *Mock // does a task when nothing is mocked; nil: such tests are refused
	RetryCount     int              // retries the matching retrier has behind it
	FailedItems    *int             // how many items of a Map failed
	ItemReaderData Value            // what an ItemReader reads
	Time           time.Time        // when; needed only where the definition looks
}

// Task is a task that a test asks for.
type Task struct {
	Resource string
	Input    Value
}

// Mock is an answer: a result, or an error when Error is not empty.
type Mock struct {
	Result Value
	Error  string
	Cause  string
}

// TestResult is what a state made of its input. Inspection holds what each
// stage made of the data, by the names of the service's TestState API.
type TestResult struct {
	Status     TestStatus
	Output     Value
	Error      string
	Cause      string
	NextState  string
	Inspection []Member
}

// TestError says that a test makes no sense. Code is the service's exception.
type TestError struct {
	Code    string
	Message string
}

func (e *TestError) Error() string { return e.Code + ": " + e.Message }

func refuse(format string, args ...any) error {
	return &TestError{"ValidationException", fmt.Sprintf(format, args...)}
}

// soleState is what a state is called that is tested without a machine.
const soleState = "StateName"

// TestState runs one state, given by itself or in a machine, and nothing around
// it: what it would wait for is passed over, what it would ask for is mocked or
// run by the caller. An invalid definition gives a *TestError.
func TestState(definition []byte, o TestOptions) (TestResult, error) {
	s, err := findState(definition, o.State)
	if err != nil {
		return TestResult{}, err
	}
	if err := o.check(s); err != nil {
		return TestResult{}, err
	}
	if o.Input.IsAbsent() {
		o.Input = ObjectValue()
	}
	if o.Time.IsZero() {
		o.Time = time.Unix(0, 0)
	}
	o.Type = Express // the service tests in one
	p := &probe{options: o, state: s}
	p.note("input", o.Input)
	p.run()
	p.result.Inspection = p.inspection()
	return p.result, nil
}

func findState(definition []byte, name string) (*state, error) {
	def, err := ParseValue(definition)
	alone := err == nil && !def.Get("States").isObject()
	if alone {
		definition = ObjectValue(Member{"StartAt", StringValue(soleState)}, Member{"States", ObjectValue(Member{soleState, def})}).JSON()
		name = soleState
	}
	c := &compiler{names: map[string]bool{}, alone: alone}
	c.definition(definition)
	if len(c.diagnostics) > 0 {
		return nil, &TestError{"InvalidDefinition", fmt.Sprintf("Invalid State Machine Definition: '%s'", joinDiagnostics(c.diagnostics))}
	}
	if name == "" {
		name = c.root.start.name
	}
	var found *state
	c.root.each(func(s *state) {
		if s.name == name {
			found = s
		}
	})
	if found == nil {
		return nil, refuse("State not found in definition")
	}
	return found, nil
}

func (v Value) isObject() bool { return v.kind == Object }

// check refuses what the service refuses.
func (o TestOptions) check(s *state) error {
	if err := checkContext(o.Context); err != nil {
		return err
	}
	switch s.kind {
	case "Task", "Map", "Parallel":
	default:
		if o.Mock != nil {
			return refuse("State type '%s' is not supported when a mock is specified", s.kind)
		}
		return nil
	}
	if o.Mock == nil {
		switch {
		case o.FailedItems != nil:
			return refuse("TestState does not support MapIterationFailureCount when a mock is not specified.")
		case s.kind == "Task" && o.Run == nil:
			return refuse("RoleArn must be specified when testing a Task state")
		case s.kind != "Task":
			return refuse("State type '%s' requires a mock to be specified", s.kind)
		}
		return nil
	}
	if o.Mock.Error != "" {
		return nil
	}
	m, isMap := s.work.(*mapWork)
	switch {
	case isMap && m.writer != nil:
		if o.Mock.Result.kind != Object {
			return refuse("Mocked result must be a JSON object.")
		}
	case s.kind != "Task" && o.Mock.Result.kind != Array:
		return refuse("Mocked result must be an array.")
	}
	return nil
}

// checkContext refuses fields of the context object that cannot be set.
func checkContext(c Value) error {
	texts := map[string][]string{
		"Execution": {"Id", "Name", "RoleArn", "StartTime"}, "StateMachine": {"Id", "Name"},
		"State": {"EnteredTime", "Name"}, "Task": {"Token"},
	}
	for _, m := range c.Members() {
		if m.Name == "Map" {
			return refuse("Invalid Context object provided: 'Map' field is not supported when mocking a Context object")
		}
		names, ok := texts[m.Name]
		if !ok {
			return refuse("Invalid Context object provided: Field '%s' is not allowed", m.Name)
		}
		if m.Value.kind != Object {
			return refuse("Invalid Context object provided: %s must be an object", m.Name)
		}
		for _, name := range names {
			if v, ok := m.Value.Lookup(name); ok && v.kind != String {
				return refuse("Invalid Context object provided: %s.%s must be a string", m.Name, name)
			}
		}
	}
	return nil
}

// probe watches the one state of a test. A nil probe watches nothing.
type probe struct {
	options TestOptions
	state   *state
	stages  []Member
	result  TestResult
	details []Member // errorDetails
	ended   bool
}

func (p *probe) run() {
	x := New(&Machine{graph: &graph{start: p.state, states: []*state{p.state}}}, p.options.Options)
	x.probe = p
	x.variables = p.options.Variables
	commands, err := x.Apply(Event{Kind: Started, Time: p.options.Time, Input: p.options.Input})
	for err == nil && !p.ended {
		i := 0
		for i < len(commands) && commands[i].Kind != RunTask && commands[i].Kind != Done {
			i++
		}
		if i == len(commands) {
			return
		}
		c := commands[i]
		if c.Kind == Done {
			p.result.Status, p.result.Error, p.result.Cause = TestFailed, c.Error, c.Cause
			return
		}
		m := p.options.Run(Task{c.Resource, c.Input})
		ev := Event{Kind: TaskSucceeded, Time: p.options.Time, ID: c.ID, Output: m.Result}
		if m.Error != "" {
			ev = Event{Kind: TaskFailed, Time: p.options.Time, ID: c.ID, Error: m.Error, Cause: m.Cause}
		}
		commands, err = x.Apply(ev)
	}
}

func (p *probe) tracer() func(string, Value) {
	if p == nil {
		return nil
	}
	return p.note
}

func (p *probe) note(stage string, v Value) {
	for i := range p.stages {
		if p.stages[i].Name == stage {
			p.stages[i].Value = v
			return
		}
	}
	p.stages = append(p.stages, Member{stage, v})
}

// answer ends a state's work as the mock says.
func (p *probe) answer(x *Execution, t *thread) {
	m := p.options.Mock
	if m.Error != "" {
		x.fail(t, &fault{m.Error, m.Cause, true})
		return
	}
	x.finish(t, m.Result)
}

// mapped ends the work of a Map whose items are known.
func (p *probe) mapped(x *Execution, t *thread, w *mapWork, run mapping, choose func(int) (Value, error), n int) {
	p.note("maxConcurrency", IntValue(int64(run.limit)))
	if w.count.given {
		p.note("toleratedFailureCount", FloatValue(run.tolerate.count))
	}
	if w.percentage.given {
		p.note("toleratedFailurePercentage", FloatValue(run.tolerate.percentage))
	}
	if w.selector != nil {
		var chosen []Value
		for i := range n {
			v, err := choose(i)
			if err != nil {
				x.fail(t, asFault(err))
				return
			}
			chosen = append(chosen, v)
		}
		p.note("afterItemSelector", ArrayValue(chosen...))
	}
	if f := p.options.FailedItems; f != nil && run.tolerate.given && !run.tolerate.allows(*f, n) {
		x.fail(t, errTolerated())
		return
	}
	p.answer(x, t)
}

// left ends the test: the state has an output.
func (p *probe) left(next *state, output Value) {
	if p.result.Status == "" {
		p.result.Status = TestSucceeded
	}
	p.result.Output = output
	if next != nil {
		p.result.NextState = next.name
	}
	p.ended = true
}

// retried ends the test when the retrier would try again.
func (p *probe) retried(i int, r retrier, f *fault) bool {
	p.details = []Member{{"retryIndex", IntValue(int64(i))}}
	if p.options.RetryCount >= r.attempts {
		return false
	}
	p.details = append(p.details, Member{"retryBackoffIntervalSeconds", FloatValue(r.delay(p.options.RetryCount))})
	p.result.Status, p.result.Error, p.result.Cause = TestRetriable, f.name, f.cause
	p.ended = true
	return true
}

// caught notes the catcher that takes a failure.
func (p *probe) caught(i int, f *fault) {
	if p == nil {
		return
	}
	p.details = []Member{{"catchIndex", IntValue(int64(i))}}
	p.result.Status, p.result.Error, p.result.Cause = TestCaught, f.name, f.cause
}

// context is the context object with the fields of the test in place.
func (p *probe) context(x *Execution, t *thread, it *item) Value {
	t.attempt = p.options.RetryCount
	full := x.fullContext(t, it)
	for _, m := range p.options.Context.Members() {
		inner := full.Get(m.Name)
		for _, f := range m.Value.Members() {
			inner = inner.With(f.Name, f.Value)
		}
		full = full.With(m.Name, inner)
	}
	return full
}

// inspection returns the stages that the service tells of a state of this type.
func (p *probe) inspection() []Member {
	var out []Member
	for _, m := range p.stages {
		if p.tells(m.Name) {
			out = append(out, m)
		}
	}
	if len(p.details) > 0 {
		out = append(out, Member{"errorDetails", ObjectValue(p.details...)})
	}
	return out
}

func (p *probe) tells(stage string) bool {
	switch stage {
	case "input", "maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage":
		return true
	case "result":
		w, isPass := p.state.work.(passWork)
		return p.state.kind == "Task" || isPass && !w.result.IsAbsent()
	case "afterParameters":
		return p.state.kind == "Task" || p.state.kind == "Pass"
	case "afterInputPath":
		return p.state.kind != "Parallel"
	case "afterResultSelector", "afterResultPath":
		switch p.state.kind {
		case "Task", "Pass", "Parallel", "Map":
			return true
		}
		return false
	}
	return p.state.kind == "Map"
}
