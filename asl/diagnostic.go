package asl

import "fmt"

// Diagnostic is one thing that is wrong with a definition.
type Diagnostic struct {
	Severity string `json:"severity"` // SeverityError or SeverityWarning
	Code     string `json:"code"`
	Message  string `json:"message"`
	Location string `json:"location,omitempty"` // /States/X/Field
}

// The severities of a Diagnostic.
const (
	SeverityError   = "ERROR"
	SeverityWarning = "WARNING"
)

// The codes of diagnostics. All but the last are the service's.
const (
	CodeInvalidJSON      = "INVALID_JSON_DESCRIPTION"
	CodeSchema           = "SCHEMA_VALIDATION_FAILED"
	CodeMissingTarget    = "MISSING_TRANSITION_TARGET"
	CodeMissingEnd       = "MISSING_END_STATE"
	CodeDuplicateState   = "DUPLICATE_STATE_NAME"
	CodeLanguageNotReady = "QUERY_LANGUAGE_NOT_SUPPORTED" // valid for the service, not run here yet
)

// String returns the diagnostic as the service's CreateStateMachine words it.
func (d Diagnostic) String() string {
	at := d.Location
	if at == "" {
		at = "null"
	}
	return fmt.Sprintf("%s: %s at %s", d.Code, d.Message, at)
}
