package main

import (
	"errors"
	"strings"

	"github.com/coranto/coranto/asl"
)

// aslMock stands for what a task would answer.
type aslMock struct {
	Result      *string `json:"result"`
	ErrorOutput *struct {
		Error string `json:"error"`
		Cause string `json:"cause"`
	} `json:"errorOutput"`
}

// aslConfiguration is what a state is tested with.
type aslConfiguration struct {
	RetrierRetryCount        int     `json:"retrierRetryCount"`
	MapIterationFailureCount *int    `json:"mapIterationFailureCount"`
	MapItemReaderData        *string `json:"mapItemReaderData"`
}

func testASL(definition []byte, req aslRequest) aslReply {
	o := asl.TestOptions{
		Options:     aslOptions(asl.Express),
		Input:       req.Input,
		State:       req.StateName,
		Context:     req.Context,
		Variables:   req.Variables,
		RetryCount:  req.StateConfiguration.RetrierRetryCount,
		FailedItems: req.StateConfiguration.MapIterationFailureCount,
	}
	if text := req.StateConfiguration.MapItemReaderData; text != nil {
		o.ItemReaderData = asl.StringValue(*text)
	}
	if m := req.Mock; m != nil {
		mock, err := m.mock()
		if err != nil {
			return aslReply{Status: "API_ERROR", Code: "ValidationException", Message: "Mocked result must be valid JSON."}
		}
		o.Mock = mock
	}
	if req.Tasks != nil {
		tasks := newASLTasks(req.Tasks)
		o.Run = func(t asl.Task) *asl.Mock {
			ev, _, _ := tasks.answer(asl.Command{State: req.StateName, Resource: t.Resource, Input: t.Input})
			return &asl.Mock{Result: ev.Output, Error: ev.Error, Cause: ev.Cause}
		}
	}
	got, err := asl.TestState(definition, o)
	var refused *asl.TestError
	if errors.As(err, &refused) {
		if strings.Contains(refused.Message, asl.CodeLanguageNotReady) {
			return aslReply{Status: "UNSUPPORTED", Message: refused.Message}
		}
		return aslReply{Status: "API_ERROR", Code: refused.Code, Message: refused.Message}
	}
	if err != nil {
		return aslReply{Status: "UNSUPPORTED", Message: err.Error()}
	}
	reply := aslReply{Status: string(got.Status), Output: got.Output, Error: got.Error, Cause: got.Cause, NextState: got.NextState}
	if req.InspectionLevel != "INFO" && req.InspectionLevel != "" {
		reply.Inspection = inspectionASL(got.Inspection)
	}
	return reply
}

func (m *aslMock) mock() (*asl.Mock, error) {
	if m.ErrorOutput != nil {
		name := m.ErrorOutput.Error
		if name == "" {
			name = "States.TaskFailed"
		}
		return &asl.Mock{Error: name, Cause: m.ErrorOutput.Cause}, nil
	}
	if m.Result == nil {
		return &asl.Mock{Result: asl.ObjectValue()}, nil
	}
	v, err := asl.ParseValue([]byte(*m.Result))
	return &asl.Mock{Result: v}, err
}

// inspectionASL writes the stages as the API does: data is JSON text, counts
// and error details are not.
func inspectionASL(stages []asl.Member) asl.Value {
	out := make([]asl.Member, len(stages))
	for i, m := range stages {
		out[i] = m
		switch m.Name {
		case "errorDetails", "maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage":
		default:
			out[i].Value = asl.StringValue(string(m.Value.JSON()))
		}
	}
	return asl.ObjectValue(out...)
}
