package job

import (
	"errors"
	"strings"
	"testing"
)

func code(n int) *int { return &n }

func TestRetry(t *testing.T) {
	lost := Outcome{StatusReason: "Host EC2 (instance i-1) terminated."}
	pull := Outcome{Reason: "CannotPullContainerError: no such image", StatusReason: "Task failed to start"}
	exit := func(n int) Outcome {
		return Outcome{ExitCode: code(n), StatusReason: "Essential container in task exited"}
	}
	spot := Strategy{Attempts: 5, EvaluateOnExit: []Rule{{OnStatusReason: "Host EC2*", Action: "RETRY"}, {OnReason: "*", Action: "EXIT"}}}
	codes := Strategy{Attempts: 3, EvaluateOnExit: []Rule{{OnExitCode: "1", Action: "retry"}, {OnExitCode: "2", Action: "Retry"}, {OnExitCode: "3", Action: "exit"}}}
	both := Strategy{Attempts: 4, EvaluateOnExit: []Rule{{OnExitCode: "1*", OnStatusReason: "Essential*", Action: Retry}, {OnStatusReason: "*", Action: Exit}}}
	for _, tt := range []struct {
		name    string
		s       Strategy
		attempt int
		o       Outcome
		want    bool
	}{
		{"none given: one attempt", Strategy{}, 1, exit(1), false},
		{"no rules: until spent", Strategy{Attempts: 3}, 2, exit(1), true},
		{"no rules: spent", Strategy{Attempts: 3}, 3, exit(1), false},
		{"success", Strategy{Attempts: 3}, 1, exit(0), false},
		{"success against a rule", Strategy{Attempts: 3, EvaluateOnExit: []Rule{{OnExitCode: "0", Action: Retry}}}, 1, exit(0), false},
		{"lost host", spot, 1, lost, true},
		{"lost host, spent", spot, 5, lost, false},
		{"not the host: any reason, also none", spot, 1, exit(1), false},
		{"not the host: a reason", spot, 1, pull, false},
		{"exit 1", codes, 1, exit(1), true},
		{"exit 2", codes, 2, exit(2), true},
		{"exit 3", codes, 1, exit(3), false},
		{"no rule matches", codes, 1, exit(4), true},
		{"no exit code is no number", codes, 1, lost, true},
		{"all that a rule names", both, 1, exit(17), true},
		{"but one", both, 1, exit(2), false},
		{"any code needs one", Strategy{Attempts: 2, EvaluateOnExit: []Rule{{OnExitCode: "*", Action: Exit}}}, 1, lost, true},
		{"10 attempts, EXIT at once", Strategy{Attempts: 10, EvaluateOnExit: []Rule{{OnReason: "CannotPull*", Action: Exit}}}, 1, pull, false},
		{"case of the text counts", Strategy{Attempts: 2, EvaluateOnExit: []Rule{{OnReason: "cannotpull*", Action: Exit}}}, 1, pull, true},
		{"without asterisk the whole", Strategy{Attempts: 2, EvaluateOnExit: []Rule{{OnReason: "CannotPull", Action: Exit}}}, 1, pull, true},
		{"first match wins", Strategy{Attempts: 2, EvaluateOnExit: []Rule{{OnExitCode: "7", Action: Exit}, {OnExitCode: "7", Action: Retry}}}, 1, exit(7), false},
		{"a rule that names nothing", Strategy{Attempts: 2, EvaluateOnExit: []Rule{{Action: Exit}}}, 1, exit(7), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.s.Retry(tt.attempt, tt.o); got != tt.want {
				t.Errorf("Retry(%d, %+v) = %t, want %t", tt.attempt, tt.o, got, tt.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	six := make([]Rule, 6)
	for i := range six {
		six[i] = Rule{OnExitCode: "1", Action: Exit}
	}
	for _, tt := range []struct {
		s    Strategy
		want string // "": nothing
	}{
		{Strategy{}, ""},
		{Strategy{Attempts: 10, EvaluateOnExit: six[:5]}, ""},
		{Strategy{Attempts: 11}, "11, not 1 to 10"},
		{Strategy{EvaluateOnExit: six}, "6 rules"},
		{Strategy{EvaluateOnExit: []Rule{{OnExitCode: "1", Action: "STOP"}}}, "STOP"},
		{Strategy{EvaluateOnExit: []Rule{{Action: Exit}}}, "names neither"},
		{Strategy{EvaluateOnExit: []Rule{{OnReason: "*x", Action: Exit}}}, "at the end only"},
		{Strategy{EvaluateOnExit: []Rule{{OnReason: strings.Repeat("x", 513), Action: Exit}}}, "at most 512"},
		{Strategy{EvaluateOnExit: []Rule{{OnExitCode: "one", Action: Exit}}}, "no number"},
		{Strategy{EvaluateOnExit: []Rule{{OnExitCode: "1*", Action: "retry"}}}, ""},
	} {
		err := tt.s.Check()
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("Check(%+v) = %v", tt.s, err)
		case tt.want != "" && (!errors.Is(err, ErrStrategy) || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("Check(%+v) = %v, want one that says %q", tt.s, err, tt.want)
		}
	}
}

// FuzzRetry states what holds for any strategy and outcome.
func FuzzRetry(f *testing.F) {
	f.Add(3, 1, 1, "Host EC2*", "*", "Host EC2 x", "")
	f.Fuzz(func(t *testing.T, attempts, attempt, exit int, status, reason, gotStatus, gotReason string) {
		s := Strategy{Attempts: attempts, EvaluateOnExit: []Rule{{OnStatusReason: status, Action: Retry}, {OnReason: reason, Action: Exit}}}
		o := Outcome{ExitCode: &exit, Reason: gotReason, StatusReason: gotStatus}
		if s.Retry(attempt, o) && (attempt >= max(1, attempts) || exit == 0) {
			t.Errorf("%+v tries again after attempt %d, %+v", s, attempt, o)
		}
	})
}
