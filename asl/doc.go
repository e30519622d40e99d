// Package asl interprets state machines in the Amazon States Language.
//
// It decides and does nothing else. An [Execution] is a pure function: it takes
// an [Event] (started, a task succeeded, a timer fired; each with its time) and
// answers with [Command]s (run this task, start that timer, done). It starts no
// goroutine, reads no clock and draws no random number that does not come from
// the seed in its first event, so the same events give the same commands and
// the same history, byte for byte. A runtime journals the events, carries out
// the commands, and after a crash replays the journal into a new Execution.
//
//	machine, err := asl.Parse(definition)
//	execution := asl.New(machine, asl.Options{})
//	commands, err := execution.Apply(asl.Event{Kind: asl.Started, Time: now, Seed: seed, Input: input})
//	// carry out the commands, then tell what became of them:
//	commands, err = execution.Apply(asl.Event{Kind: asl.TaskSucceeded, Time: now, ID: id, Output: output})
//
// It promises what the service does, in its words: all state types, Map inline
// and distributed, Retry, Catch, variables, the context object, JSONPath in the
// service's dialect with every intrinsic function, error names, causes, history
// event types, redrive, and the diagnostics of its validator. Where the documentation
// and the service differ, the service is followed. The query language JSONata
// is recognised and refused as not supported yet.
//
// The parts, in the order of reading: [Parse] and [Validate] make a [Machine] of
// a definition, or say what is wrong with it; [Execution.Apply] takes events and
// gives commands; Options.History is told each [HistoryEvent]; [Limits] bounds
// what an execution may use; [TestState] tries a single state; [Value] is JSON
// that cannot change.
//
// What a task is stays outside: a Resource is a name that the runtime looks up.
// So do durability, time and concurrency. Values are immutable and shared: a
// document handed to a thousand items of a Map is not copied.
//
// The specification is https://states-language.net/spec.html; the service's
// documentation is https://docs.aws.amazon.com/step-functions/.
package asl
