package local

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/coranto/coranto/asl"
)

// machines keeps parsed definitions: ten thousand executions of one workflow
// share one.
type machines struct {
	mu   sync.Mutex
	hash map[string]*asl.Machine
}

// machinesKept bounds what is kept. Definitions are few; where they are not,
// forgetting them all now and then costs little.
const machinesKept = 64

func (c *machines) parse(definition []byte) (*asl.Machine, error) {
	sum := sha256.Sum256(definition)
	key := hex.EncodeToString(sum[:])
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.hash[key]; m != nil {
		return m, nil
	}
	m, err := asl.Parse(definition)
	if err != nil {
		return nil, err
	}
	if c.hash == nil || len(c.hash) >= machinesKept {
		c.hash = map[string]*asl.Machine{}
	}
	c.hash[key] = m
	return m, nil
}
