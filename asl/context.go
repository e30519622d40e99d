package asl

import "time"

const contextTime = "2006-01-02T15:04:05.000Z"

// context returns the context object as the thread sees it in its state.
func (x *Execution) context(t *thread, it *item) Value {
	if x.probe != nil {
		return x.probe.context(x, t, it)
	}
	return x.fullContext(t, it)
}

func (x *Execution) fullContext(t *thread, it *item) Value {
	if t.home.fixed == nil {
		t.home.fixed = x.fixedContext(t.home)
	}
	members := append(make([]Member, 0, 5), t.home.fixed...)
	members = append(members, Member{"State", x.stateContext(t)})
	if t.token != "" {
		members = append(members, Member{"Task", ObjectValue(Member{"Token", StringValue(t.token)})})
	}
	if it != nil {
		members = append(members, Member{"Map", ObjectValue(Member{"Item", ObjectValue(
			Member{"Index", IntValue(int64(it.index))}, Member{"Value", it.value})})})
	}
	return ObjectValue(members...)
}

func (x *Execution) fixedContext(h *home) []Member {
	id := x.identify(h)
	execution := []Member{
		{"Id", StringValue(id.execution)}, {"Input", h.input}, {"StartTime", timeValue(h.began)}, {"Name", StringValue(id.name)},
	}
	if x.opts.RoleArn != "" {
		execution = append(execution, Member{"RoleArn", StringValue(x.opts.RoleArn)})
	}
	if !h.express {
		execution = append(execution, Member{"RedriveCount", IntValue(int64(h.redrives))})
	}
	if h.redrives > 0 {
		execution = append(execution, Member{"RedriveTime", timeValue(h.redriven)})
	}
	return []Member{
		{"Execution", ObjectValue(execution...)},
		{"StateMachine", ObjectValue(Member{"Id", StringValue(id.machine)}, Member{"Name", StringValue(id.machineName)})},
	}
}

func (x *Execution) stateContext(t *thread) Value {
	members := []Member{{"Name", StringValue(t.state.name)}, {"EnteredTime", timeValue(t.entered)}}
	switch t.state.kind {
	case "Task", "Map", "Parallel":
		members = append(members, Member{"RetryCount", IntValue(int64(t.attempt))})
	}
	return ObjectValue(members...)
}

func timeValue(t time.Time) Value { return StringValue(t.UTC().Format(contextTime)) }
