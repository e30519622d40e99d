package failpoint

import (
	"errors"
	"os"
	"os/exec"
	"testing"
)

var (
	one = Name("test.one")
	two = Name("test.two")
)

func TestHit(t *testing.T) {
	defer Arm("")
	if err := Hit(one); err != nil {
		t.Errorf("disarmed: %v", err)
	}
	if err := Arm("test.one:2:error"); err != nil {
		t.Fatal(err)
	}
	var got []bool
	for _, name := range []string{one, two, one, one} {
		got = append(got, errors.Is(Hit(name), ErrInjected))
	}
	if got[0] || got[1] || !got[2] || got[3] {
		t.Errorf("armed for the second passing: %v", got)
	}
}

func TestArmRefusesWhatItDoesNotKnow(t *testing.T) {
	defer Arm("")
	for _, spec := range []string{"test.three", "test.one:0", "test.one:x", "test.one:1:fly"} {
		if err := Arm(spec); err == nil {
			t.Errorf("Arm(%q) succeeds", spec)
		}
	}
}

func TestExit(t *testing.T) {
	if os.Getenv("FAILPOINT_CHILD") != "" {
		_ = Arm("test.one")
		_ = Hit(one)
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestExit$")
	cmd.Env = append(os.Environ(), "FAILPOINT_CHILD=1")
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 137 {
		t.Errorf("ended with %v, want exit status 137", err)
	}
}
