package local_test

import (
	"fmt"
	"math/rand/v2"
)

// generator makes machines of every kind of state. What flows through them is an
// object with a number n and an array items.
type generator struct {
	rnd    *rand.Rand
	states int
	apart  int // how many distributed Maps are around: no variables are seen there
}

type object = map[string]any

func (g *generator) one(in int) bool { return g.rnd.IntN(in) == 0 }

func (g *generator) machine() object {
	m := g.scope(0)
	if g.one(6) {
		m["TimeoutSeconds"] = 2 + g.rnd.IntN(12)
	}
	first := object{"Type": "Pass", "Assign": object{"v": 1, "dice.$": "States.MathRandom(1, 9)", "id.$": "States.UUID()"}, "Next": m["StartAt"]}
	m["States"].(object)["First"] = first
	m["StartAt"] = "First"
	return m
}

func (g *generator) name() string {
	g.states++
	return fmt.Sprintf("S%d", g.states)
}

func (g *generator) scope(depth int) object {
	n := 1 + g.rnd.IntN(4-depth)
	names := make([]string, n)
	for i := range names {
		names[i] = g.name()
	}
	states := object{}
	for i, name := range names {
		next := ""
		if i+1 < n {
			next = names[i+1]
		}
		g.state(states, name, next, depth)
	}
	return object{"StartAt": names[0], "States": states}
}

// state makes a state, and what it needs beside it, that leads to next.
func (g *generator) state(states object, name, next string, depth int) {
	s := object{}
	follow(s, next)
	states[name] = s
	kinds := 14
	if depth >= 2 {
		kinds = 9
	}
	switch g.rnd.IntN(kinds) {
	case 0:
		g.pass(s, name)
	case 1:
		g.wait(s)
	case 2, 3:
		g.choice(states, s, name, next)
	case 4, 5, 6:
		g.task(s, name)
		g.mishaps(states, s, name, next)
	case 7:
		s["Type"], s["Resource"], s["ResultPath"] = "Task", "ask.waitForTaskToken", "$."+name
		s["Parameters"] = object{"token.$": "$$.Task.Token", "n.$": "$.n"}
		g.mishaps(states, s, name, next)
	case 8:
		g.loop(states, s, name, next)
	case 9, 10, 11:
		g.each(s, name, depth)
		g.mishaps(states, s, name, next)
	default:
		s["Type"], s["ResultPath"] = "Parallel", "$."+name
		for range 1 + g.rnd.IntN(3) {
			branches, _ := s["Branches"].([]object)
			s["Branches"] = append(branches, g.scope(depth+1))
		}
		g.mishaps(states, s, name, next)
	}
}

func (g *generator) pass(s object, name string) {
	s["Type"], s["ResultPath"] = "Pass", "$."+name
	switch {
	case g.one(3):
		s["Result"] = object{"from": name}
	case g.apart == 0:
		s["Parameters"] = object{"text.$": "States.Format('{} of {}', $dice, $id)", "when.$": "$$.State.EnteredTime"}
		s["Assign"] = object{"v.$": "States.MathAdd($v, $.n)"}
	default:
		s["Parameters"] = object{"id.$": "States.UUID()", "of.$": "$$.Execution.Id", "h.$": "States.Hash($$.Execution.Name, 'SHA-1')"}
	}
}

func (g *generator) wait(s object) {
	s["Type"] = "Wait"
	switch g.rnd.IntN(4) {
	case 0:
		s["SecondsPath"] = "$.n"
	case 1:
		s["Timestamp"] = fmt.Sprintf("2000-01-01T00:00:%02d.5Z", g.rnd.IntN(20))
	default:
		s["Seconds"] = 1 + g.rnd.IntN(5)
	}
}

func (g *generator) choice(states, s object, name, next string) {
	other := name + "x"
	delete(s, "End")
	delete(s, "Next")
	s["Type"], s["Default"] = "Choice", other
	s["Choices"] = []object{{"And": []object{{"Variable": "$.n", "NumericGreaterThan": g.rnd.IntN(4)}, {"Variable": "$.items[0]", "IsPresent": true}}, "Next": other}}
	end := object{"Type": "Pass", "Result": g.rnd.IntN(9), "ResultPath": "$.choice"}
	follow(end, next)
	states[other] = end
	if !g.one(3) {
		return
	}
	last := object{"Type": "Fail", "Error": "E1", "CausePath": "States.Format('n is {}', $.n)"}
	if g.one(2) {
		last = object{"Type": "Succeed"}
	}
	states[name+"y"] = last
	s["Default"] = name + "y"
}

// loop goes round until a counter says so.
func (g *generator) loop(states, s object, name, next string) {
	delete(s, "End")
	s["Type"], s["Next"] = "Pass", name+"l"
	s["Result"], s["ResultPath"] = 0, "$.count"
	states[name+"l"] = object{"Type": "Task", "Resource": "any", "ResultPath": "$.last", "Next": name + "m",
		"Retry": []object{{"ErrorEquals": []string{"States.ALL"}, "IntervalSeconds": 1, "MaxAttempts": 4, "JitterStrategy": "FULL"}}}
	states[name+"m"] = object{"Type": "Pass", "Parameters": object{"count.$": "States.MathAdd($.count, 1)", "n.$": "$.n", "items.$": "$.items"}, "Next": name + "n"}
	end := object{"Type": "Pass"}
	follow(end, next)
	states[name+"n"] = object{"Type": "Choice", "Choices": []object{{"Variable": "$.count", "NumericLessThan": 1 + g.rnd.IntN(3), "Next": name + "l"}}, "Default": name + "o"}
	states[name+"o"] = end
}

func (g *generator) task(s object, name string) {
	s["Type"], s["Resource"], s["ResultPath"] = "Task", "any", "$."+name
	switch g.rnd.IntN(5) {
	case 0:
		s["Resource"], s["TimeoutSeconds"] = "slow", 5+g.rnd.IntN(60)
	case 1:
		s["Resource"], s["HeartbeatSeconds"] = "slow", 1+g.rnd.IntN(4)
	case 2:
		s["ResultSelector"] = object{"n.$": "$.n", "tried.$": "$$.State.RetryCount"}
	}
}

// each makes a Map.
func (g *generator) each(s object, name string, depth int) {
	s["Type"], s["ItemsPath"], s["ResultPath"], s["MaxConcurrency"] = "Map", "$.items", "$."+name, g.rnd.IntN(3)
	s["ItemSelector"] = object{"n.$": "$$.Map.Item.Value", "items.$": "$.items"}
	apart := g.one(3)
	if apart {
		g.apart++
		defer func() { g.apart-- }()
	}
	p := g.scope(depth + 1)
	s["ItemProcessor"] = p
	if g.one(3) {
		s["ToleratedFailureCount"] = g.rnd.IntN(2)
	}
	if !apart {
		return
	}
	p["ProcessorConfig"] = object{"Mode": "DISTRIBUTED", "ExecutionType": []string{"STANDARD", "EXPRESS"}[g.rnd.IntN(2)]}
	if g.one(3) {
		delete(s, "ItemsPath")
		delete(s, "ItemSelector")
		s["ItemReader"] = object{"Resource": "items", "ReaderConfig": object{"InputType": "JSON", "MaxItems": 2}}
	}
	if g.one(3) {
		s["ResultWriter"] = object{"Resource": "results"}
	}
}

// mishaps says what is done when a state fails: nothing, at times.
func (g *generator) mishaps(states, s object, name, next string) {
	if g.one(2) {
		s["Retry"] = []object{{"ErrorEquals": []string{"E1", "States.Timeout"}, "IntervalSeconds": 1 + g.rnd.IntN(3), "MaxAttempts": 1 + g.rnd.IntN(2), "MaxDelaySeconds": 4}}
		if g.one(2) {
			s["Retry"].([]object)[0]["JitterStrategy"] = "FULL"
		}
	}
	if g.one(4) {
		return
	}
	caught := name + "c"
	s["Catch"] = []object{{"ErrorEquals": []string{"States.ALL"}, "Next": caught, "ResultPath": "$.error"}}
	c := object{"Type": "Pass"}
	follow(c, next)
	states[caught] = c
}

func follow(s object, next string) {
	if next == "" {
		s["End"] = true
	} else {
		s["Next"] = next
	}
}
