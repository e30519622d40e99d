package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTaskEnv(t *testing.T) {
	cfg, err := Parse("coranto.yaml", []byte("tasks: {t: {command: [x], env: [HOME, A=b=c, EMPTY=]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := cfg.Tasks[0]
	if d := cmp.Diff([]string{"HOME"}, got.Pass); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"A": "b=c", "EMPTY": ""}, got.Env); d != "" {
		t.Error(d)
	}
	if _, err := Parse("coranto.yaml", []byte("tasks: {t: {command: [x], env: [NOT-A-NAME]}}\n")); err == nil || !strings.Contains(err.Error(), "env[0]") {
		t.Errorf("a name that is none: %v", err)
	}
}
