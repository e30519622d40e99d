package main

// aslMock stands for what a task would answer.
type aslMock struct {
	Result *string `json:"result"`
	Error  *struct {
		Error string `json:"error"`
		Cause string `json:"cause"`
	} `json:"errorOutput"`
}

// aslConfiguration is what a state is tested with.
type aslConfiguration struct{}

func testASL(definition []byte, req aslRequest) aslReply { return aslReply{Status: "UNSUPPORTED"} }
