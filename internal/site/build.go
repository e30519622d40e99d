package site

import "context"

type build struct {
	in   Input
	sink Sink
	memo Memo
}

func newBuild(in Input, sink Sink, memo Memo) (*build, error) { return &build{in, sink, memo}, nil }

func (b *build) run(ctx context.Context) (Report, error) { return Report{}, ctx.Err() }
