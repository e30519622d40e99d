package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/coranto/coranto/bench/read/meter"
)

// errNoMetascraper says that the machine lacks what metascraper needs.
var errNoMetascraper = errors.New("it needs node, and npm install in its folder")

// metascraper starts it, in a process that reads the page whenever it is its
// turn, and counts its own CPU time, of the compiler and the collector too.
func metascraper(folder string) (tasks []meter.Task, stop func() error, err error) {
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "metascraper")); err != nil {
		return nil, nil, errNoMetascraper
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, nil, errNoMetascraper
	}
	cmd := exec.Command(node, "peer.mjs")
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	body := meter.Page()
	send, receive := json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))
	if err := send.Encode(map[string]string{"url": meter.PageURL, "html": string(body)}); err != nil {
		return nil, nil, fmt.Errorf("the page is not taken: %w", err)
	}
	turn := func(atLeast time.Duration) (time.Duration, int, error) {
		if err := send.Encode(map[string]int64{"micros": atLeast.Microseconds()}); err != nil {
			return 0, 0, err
		}
		var answer struct {
			Micros int64
			Runs   int
			Title  string
		}
		if err := receive.Decode(&answer); err != nil {
			return 0, 0, fmt.Errorf("it does not answer: %w", err)
		}
		if answer.Title == "" {
			return 0, 0, errors.New("it found no title")
		}
		return time.Duration(answer.Micros) * time.Microsecond, answer.Runs, nil
	}
	stop = func() error {
		return errors.Join(in.Close(), ignore(io.Copy(io.Discard, out)), cmd.Wait())
	}
	task := meter.Task{Group: "page, metadata", Bytes: len(body), Name: "metascraper", Turn: turn}
	return []meter.Task{task}, stop, nil
}

func ignore(_ int64, err error) error { return err }
