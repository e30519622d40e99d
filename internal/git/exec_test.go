package git

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

func TestFailureOfAFullDisk(t *testing.T) {
	for _, tt := range []struct {
		stderr        string
		full, damaged bool
	}{
		{"fatal: unable to write loose object file: No space left on device\n", true, false},
		{"error: unable to write file x: Disk quota exceeded\n", true, false},
		{"error: loose object 12 is corrupt\n", false, true},
		{"remote: fatal: No space left on device\n", false, false},
	} {
		err := fmt.Errorf("commit: %w", &failure{args: []string{"hash-object"}, stderr: tt.stderr, err: errors.New("exit status 128")})
		if full, damaged := errors.Is(err, syscall.ENOSPC), errors.Is(err, ErrDamaged); full != tt.full || damaged != tt.damaged {
			t.Errorf("%q: full %t, damaged %t", tt.stderr, full, damaged)
		}
	}
}
