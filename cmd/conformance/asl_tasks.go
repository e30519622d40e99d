package main

import (
	"strings"
	"time"

	"github.com/coranto/coranto/asl"
)

// aslHandler stands for a task.
type aslHandler struct {
	Kind      string                `json:"kind"`
	Value     asl.Value             `json:"value"`
	Error     string                `json:"error"`
	Cause     string                `json:"cause"`
	Outcomes  []aslOutcome          `json:"outcomes"`
	Seconds   *float64              `json:"seconds"`
	Template  string                `json:"template"`
	Bytes     int                   `json:"bytes"`
	Functions map[string]aslHandler `json:"functions"`
	Envelope  asl.Value             `json:"envelope"`
}

// aslOutcome is one answer of a sequence.
type aslOutcome struct {
	Return asl.Value `json:"return"`
	Error  string    `json:"error"`
	Cause  string    `json:"cause"`
	Hang   bool      `json:"hang"`
}

// aslTasks answers the tasks of one execution.
type aslTasks struct {
	handlers map[string]aslHandler
	calls    map[string]int
}

func newASLTasks(handlers map[string]aslHandler) *aslTasks {
	return &aslTasks{handlers, map[string]int{}}
}

// answer returns what becomes of a task and when; false: nothing ever does.
func (t *aslTasks) answer(cmd asl.Command) (asl.Event, time.Duration, bool) {
	key := "state:" + cmd.State
	h, ok := t.handlers[key]
	if !ok {
		key = cmd.Resource
		if h, ok = t.handlers[key]; !ok {
			return asl.Event{Kind: asl.TaskFailed, Error: "States.TaskFailed", Cause: "no handler for " + cmd.Resource}, 0, true
		}
	}
	return t.handle(key, h, cmd.Input)
}

func (t *aslTasks) handle(key string, h aslHandler, input asl.Value) (asl.Event, time.Duration, bool) {
	succeeded := func(v asl.Value) (asl.Event, time.Duration, bool) {
		return asl.Event{Kind: asl.TaskSucceeded, Output: v}, 0, true
	}
	switch h.Kind {
	case "identity":
		return succeeded(input)
	case "return":
		return succeeded(h.Value)
	case "raise":
		return asl.Event{Kind: asl.TaskFailed, Error: h.Error, Cause: h.Cause}, 0, true
	case "sequence":
		n := min(t.calls[key], len(h.Outcomes)-1)
		t.calls[key]++
		switch o := h.Outcomes[n]; {
		case o.Hang:
			return asl.Event{}, 0, false
		case o.Error != "":
			return asl.Event{Kind: asl.TaskFailed, Error: o.Error, Cause: o.Cause}, 0, true
		default:
			return succeeded(o.Return)
		}
	case "hang":
		if h.Seconds == nil {
			return asl.Event{}, 0, false
		}
		return asl.Event{Kind: asl.TaskSucceeded, Output: input}, time.Duration(*h.Seconds * float64(time.Second)), true
	case "format":
		return succeeded(asl.StringValue(strings.ReplaceAll(h.Template, "{input}", input.String())))
	case "return_large":
		return succeeded(asl.StringValue(strings.Repeat("a", h.Bytes)))
	case "lambda_invoke":
		return t.invoke(h, input)
	}
	return asl.Event{Kind: asl.TaskFailed, Error: "States.TaskFailed", Cause: "unknown handler " + h.Kind}, 0, true
}

func (t *aslTasks) invoke(h aslHandler, input asl.Value) (asl.Event, time.Duration, bool) {
	name := input.Get("FunctionName").String()
	name = name[strings.LastIndexByte(name, ':')+1:]
	inner, ok := h.Functions[name]
	if !ok {
		return asl.Event{Kind: asl.TaskFailed, Error: "Lambda.ResourceNotFoundException", Cause: "no function " + name}, 0, true
	}
	payload := input.Get("Payload")
	switch payload.Kind() {
	case asl.String:
		if v, err := asl.ParseValue([]byte(payload.String())); err == nil {
			payload = v
		}
	case asl.Absent, asl.Null:
		payload = asl.ObjectValue()
	}
	ev, after, ok := t.handle("lambda:"+name, inner, payload)
	if ok && ev.Kind == asl.TaskSucceeded {
		ev.Output = h.Envelope.With("Payload", ev.Output)
	}
	return ev, after, ok
}
