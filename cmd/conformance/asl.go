package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/coranto/coranto/asl"
)

// aslRequest is one line of the asl dialect.
type aslRequest struct {
	ID             json.RawMessage       `json:"id"`
	Kind           string                `json:"kind"`
	Definition     json.RawMessage       `json:"definition"`
	DefinitionText *string               `json:"definition_text"`
	MachineType    asl.Type              `json:"machineType"`
	Input          asl.Value             `json:"input"`
	Tasks          map[string]aslHandler `json:"tasks"`

	StateName          string           `json:"stateName"`
	InspectionLevel    string           `json:"inspectionLevel"`
	Context            asl.Value        `json:"context"`
	Variables          asl.Value        `json:"variables"`
	Mock               *aslMock         `json:"mock"`
	StateConfiguration aslConfiguration `json:"stateConfiguration"`
}

// aslReply is one line of answer. Which fields are set depends on the kind.
type aslReply struct {
	ID          json.RawMessage     `json:"id"`
	Status      string              `json:"status"`
	Output      asl.Value           `json:"output,omitzero"`
	Error       string              `json:"error,omitempty"`
	Cause       string              `json:"cause,omitempty"`
	Events      []aslEvent          `json:"events,omitempty"`
	Code        string              `json:"code,omitempty"`
	Message     string              `json:"message,omitempty"`
	Diagnostics []asl.Diagnostic    `json:"diagnostics,omitempty"`
	References  map[string][]string `json:"variableReferences,omitempty"`
	NextState   string              `json:"nextState,omitempty"`
	Inspection  asl.Value           `json:"inspectionData,omitzero"`
}

// aslEvent is a history event as the dialect writes it.
type aslEvent struct {
	ID       int64     `json:"id"`
	Prev     int64     `json:"prev"`
	Type     string    `json:"type"`
	Name     string    `json:"name,omitempty"`
	Input    asl.Value `json:"input,omitzero"`
	Output   asl.Value `json:"output,omitzero"`
	Error    string    `json:"error,omitempty"`
	Cause    string    `json:"cause,omitempty"`
	Index    *int      `json:"index,omitempty"`
	Assigned asl.Value `json:"assignedVariables,omitzero"`
}

const maxLine = 64 << 20

func runASL(r io.Reader, w io.Writer) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 1<<20), maxLine)
	out := bufio.NewWriter(w)
	for in.Scan() {
		var req aslRequest
		reply := aslReply{Status: "UNSUPPORTED"}
		if err := json.Unmarshal(in.Bytes(), &req); err != nil {
			reply.Message = err.Error()
		} else {
			reply = answerASL(req)
		}
		reply.ID = req.ID
		line, err := json.Marshal(reply)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return errors.Join(in.Err(), out.Flush())
}

func answerASL(req aslRequest) aslReply {
	definition := []byte(req.Definition)
	if req.DefinitionText != nil {
		definition = []byte(*req.DefinitionText)
	}
	options := asl.ParseOptions{Type: req.MachineType, Service: true}
	switch req.Kind {
	case "execution":
		return executeASL(definition, options, req)
	case "create":
		return createASL(definition, options)
	case "validate":
		return validateASL(definition, options)
	case "describe":
		m, err := asl.ParseWith(definition, options)
		if err != nil {
			return aslReply{Status: "UNSUPPORTED", Message: err.Error()}
		}
		return aslReply{Status: "VALID", References: m.VariableReferences()}
	case "test_state":
		return testASL(definition, req)
	}
	return aslReply{Status: "UNSUPPORTED"}
}

// serviceDiagnostics leaves out what is wrong only here: the service knows
// every query language.
func serviceDiagnostics(definition []byte, o asl.ParseOptions) []asl.Diagnostic {
	var out []asl.Diagnostic
	for _, d := range asl.Validate(definition, o) {
		if d.Code != asl.CodeLanguageNotReady {
			out = append(out, d)
		}
	}
	return out
}

func createASL(definition []byte, o asl.ParseOptions) aslReply {
	found := serviceDiagnostics(definition, o)
	if len(found) == 0 {
		return aslReply{Status: "VALID"}
	}
	message := ""
	for i, d := range found {
		if i > 0 {
			message += ", "
		}
		message += d.String()
	}
	return aslReply{Status: "INVALID", Code: "InvalidDefinition", Message: fmt.Sprintf("Invalid State Machine Definition: '%s'", message)}
}

func validateASL(definition []byte, o asl.ParseOptions) aslReply {
	found := serviceDiagnostics(definition, o)
	if len(found) == 0 {
		return aslReply{Status: "OK"}
	}
	return aslReply{Status: "FAIL", Diagnostics: found}
}
