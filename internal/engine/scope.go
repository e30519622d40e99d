package engine

import "context"

// Scope is what a runtime lends a handler, through the context it gives it.
type Scope struct {
	Task  Task   // its Input is not kept here
	Beat  func() // see Heartbeat; may be nil
	Blobs Blobs  // see BlobsOf; may be nil
}

type scopeKey struct{}

// WithScope returns the context of a handler. Runtimes call it, and whoever
// else runs handlers.
func WithScope(ctx context.Context, s Scope) context.Context {
	s.Task.Input = nil // whoever keeps the context need not keep the document
	return context.WithValue(ctx, scopeKey{}, s)
}

func scope(ctx context.Context) (Scope, bool) {
	s, ok := ctx.Value(scopeKey{}).(Scope)
	return s, ok
}

// TaskOf returns the task, without its input, for which ctx was made.
func TaskOf(ctx context.Context) (Task, bool) {
	s, ok := scope(ctx)
	return s.Task, ok
}

// Heartbeat says, from within a handler, that its task is alive, which puts off
// the end of its HeartbeatSeconds.
func Heartbeat(ctx context.Context) {
	if s, _ := scope(ctx); s.Beat != nil {
		s.Beat()
	}
}

// BlobsOf returns where a handler keeps what is too large for its output; what
// it puts stays as long as its execution is kept. Outside of a handler it is
// nil.
func BlobsOf(ctx context.Context) Blobs {
	s, _ := scope(ctx)
	return s.Blobs
}
