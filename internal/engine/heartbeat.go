package engine

import "context"

type beatKey struct{}

// WithHeartbeat returns the context of a handler whose Heartbeat calls beat.
// Runtimes call it.
func WithHeartbeat(ctx context.Context, beat func()) context.Context {
	return context.WithValue(ctx, beatKey{}, beat)
}

// Heartbeat says, from within a handler, that its task is alive, which puts off
// the end of a HeartbeatSeconds. It returns at once.
func Heartbeat(ctx context.Context) {
	if beat, ok := ctx.Value(beatKey{}).(func()); ok {
		beat()
	}
}
