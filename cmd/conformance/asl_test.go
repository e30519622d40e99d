package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestASL(t *testing.T) {
	tests := []struct{ name, request, want string }{ // want: part of the reply
		{"execution", `{"id":1,"kind":"execution","definition":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","Retry":[{"ErrorEquals":["E"]}],"End":true}}},
			"input":{"a":1},"tasks":{"state:T":{"kind":"sequence","outcomes":[{"error":"E"},{"return":[2]}]}}}`,
			`{"id":1,"status":"SUCCEEDED","output":[2],"events":[{"id":1,"prev":0,"type":"ExecutionStarted","input":{"a":1}},`},
		{"nested handlers", `{"id":2,"kind":"execution","definition":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"a:f","Payload":"{\"x\":1}"},"OutputPath":"$.Payload","End":true}}},
			"tasks":{"arn:aws:states:::lambda:invoke":{"kind":"lambda_invoke","envelope":{"StatusCode":200},"functions":{"f":{"kind":"identity"}}}}}`, `"output":{"x":1}`},
		{"time out", `{"id":3,"kind":"execution","definition":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::a:b","TimeoutSeconds":5,"End":true}}},
			"tasks":{"arn:aws:states:::a:b":{"kind":"hang","seconds":9}}}`, `"status":"FAILED","error":"States.Timeout","events"`},
		{"create", `{"id":4,"kind":"create","definition_text":"{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"A\"}}}"}`,
			`"status":"INVALID","code":"InvalidDefinition","message":"Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'"`},
		{"validate", `{"id":5,"kind":"validate","definition":{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}}`, `"status":"OK"`},
		{"describe", `{"id":6,"kind":"describe","definition":{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"x.$":"$v"},"End":true}}}}`, `"variableReferences":{"A":["v"]}`},
		{"test a state", `{"id":7,"kind":"test_state","inspectionLevel":"DEBUG","definition":{"Type":"Pass","Result":1,"Next":"B"},"input":{}}`,
			`"status":"SUCCEEDED","output":1,"nextState":"B","inspectionData":{"input":"{}","result":"1","afterResultSelector":"1","afterResultPath":"1"}`},
		{"other language", `{"id":8,"kind":"execution","definition":{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}}`, `"status":"UNSUPPORTED"`},
		{"unknown kind", `{"id":9,"kind":"dance"}`, `{"id":9,"status":"UNSUPPORTED"}`},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		if err := runASL(strings.NewReader(strings.ReplaceAll(tt.request, "\n", " ")+"\n"), &out); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := out.String(); !strings.Contains(got, tt.want) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: got %s want %s", tt.name, got, tt.want)
		}
	}
}
