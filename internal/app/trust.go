package app

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/trust"
)

// Trusted is what there is to trust in a site directory.
type Trusted struct {
	Parts   []Part `json:"parts"`
	Digest  string `json:"digest"`
	Already bool   `json:"already"`
}

// Part is one thing that would run programs or open networks.
type Part struct {
	Kind string `json:"kind"` // zone, task, build, program, workflow
	Text string `json:"text"`
}

// parts lists what needs trust, and everything in it that matters. workflows
// are the site's own.
func (l Layout) parts(cfg *config.Config, workflows map[string][]byte) ([]Part, error) {
	var out []Part
	add := func(kind, name string, v any) error {
		text, err := said(reflect.ValueOf(v))
		out = append(out, Part{kind, strings.TrimSpace(name + " " + text)})
		return err
	}
	for _, z := range cfg.Zones {
		if err := add("zone", z.Name, z); err != nil {
			return nil, err
		}
		if z.CA == "" {
			continue
		}
		// Whoever can change the certificates can read the zone's connections.
		b, err := os.ReadFile(l.caFile(z))
		if err != nil {
			return nil, fmt.Errorf("%s: zone %s: ca: %w", config.FileName, z.Name, err)
		}
		out = append(out, Part{"zone", fmt.Sprintf("%s ca %s sha256 %s", z.Name, z.CA, trust.Digest(b))})
	}
	for _, t := range cfg.Tasks {
		if err := add("task", t.Name, t); err != nil {
			return nil, err
		}
	}
	for _, d := range cfg.Deploy {
		if err := add("deploy", "", d); err != nil {
			return nil, err
		}
	}
	for _, n := range cfg.Receivers() {
		if err := add("notify", n.Kind, n); err != nil {
			return nil, err
		}
	}
	if len(cfg.Build.Command) > 0 {
		if err := add("build", "", cfg.Build); err != nil {
			return nil, err
		}
	}
	for _, f := range l.programs(cfg) {
		b, err := os.ReadFile(filepath.Join(l.Dir, f))
		if err != nil {
			return nil, err
		}
		out = append(out, Part{"program", fmt.Sprintf("%s sha256 %s", f, trust.Digest(b))})
	}
	for _, name := range slices.Sorted(maps.Keys(workflows)) {
		out = append(out, Part{"workflow", fmt.Sprintf("%s sha256 %s", workflowFile(name), trust.Digest(workflows[name]))})
	}
	return out, nil
}

// programs lists the files of the site that its commands name, relative to it:
// a script that is changed is another program.
func (l Layout) programs(cfg *config.Config) []string {
	var out []string
	look := func(words []string) {
		for _, w := range words {
			rel, err := filepath.Rel(l.Dir, filepath.Join(l.Dir, w))
			if filepath.IsAbs(w) {
				rel, err = filepath.Rel(l.Dir, w)
			}
			if err != nil || !filepath.IsLocal(rel) {
				continue
			}
			if info, err := os.Stat(filepath.Join(l.Dir, rel)); err == nil && info.Mode().IsRegular() {
				out = append(out, filepath.ToSlash(rel))
			}
		}
	}
	for _, t := range cfg.Tasks {
		look(t.Command)
	}
	look(cfg.Build.Command)
	sort.Strings(out)
	return slices.Compact(out)
}

// ownWorkflows reads the site's own state machines, by name.
func (l Layout) ownWorkflows() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, f := range workflowFiles(l) {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		out[workflowName(f)] = b
	}
	return out, nil
}

// said writes what a part of the configuration says, much as the user wrote it.
// What is not said is left out: else a newer Coranto, which knows more keys,
// would ask about the same words again.
func said(v reflect.Value) (string, error) {
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String(), nil
	}
	if _, ok := v.Interface().(encoding.TextMarshaler); ok || v.Kind() != reflect.Struct {
		b, err := json.Marshal(v.Interface())
		return string(b), err
	}
	var keys []string
	for i := range v.NumField() {
		if v.Field(i).IsZero() || v.Type().Field(i).Name == "Name" {
			continue
		}
		text, err := said(v.Field(i))
		if err != nil {
			return "", err
		}
		keys = append(keys, wordsOf(v.Type().Field(i).Name)+": "+text)
	}
	return "{" + strings.Join(keys, ", ") + "}", nil
}

// wordsOf makes source_address of SourceAddress.
func wordsOf(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		if unicode.IsUpper(r) && lower {
			b.WriteByte('_')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// workflowFiles lists the site's own state machines.
func workflowFiles(l Layout) []string {
	files, _ := filepath.Glob(filepath.Join(l.workflows(), "*.asl.json"))
	sort.Strings(files)
	return files
}

func digest(parts []Part) string {
	var all [][]byte
	for _, p := range parts {
		all = append(all, []byte(p.Kind), []byte(p.Text))
	}
	return trust.Digest(all...)
}

// trusted reports whether all that needs trust has it.
func (l Layout) trusted(cfg *config.Config) (bool, error) {
	workflows, err := l.ownWorkflows()
	if err != nil {
		return false, err
	}
	return l.trustedWith(cfg, workflows)
}

// trustedWith is trusted where the site's workflows have been read.
func (l Layout) trustedWith(cfg *config.Config, workflows map[string][]byte) (bool, error) {
	parts, err := l.parts(cfg, workflows)
	if err != nil || len(parts) == 0 {
		return true, err
	}
	store, err := trust.Open("")
	if errors.Is(err, trust.ErrNoPlace) {
		return false, nil // nobody can have said so
	}
	if err != nil {
		return false, err
	}
	return store.Trusted(l.Dir, digest(parts))
}

// Trust records, outside the repository, that what would run programs or open
// networks in the site directory dir may do so as it is now.
func Trust(dir string, dry bool) (Trusted, error) {
	l, err := layoutOf(dir)
	if err != nil {
		return Trusted{}, err
	}
	cfg, err := l.readConfig()
	if err != nil {
		return Trusted{}, err
	}
	workflows, err := l.ownWorkflows()
	if err != nil {
		return Trusted{}, err
	}
	parts, err := l.parts(cfg, workflows)
	if err != nil {
		return Trusted{}, err
	}
	t := Trusted{Parts: parts, Digest: digest(parts)}
	if len(parts) == 0 {
		return t, nil
	}
	store, err := trust.Open("")
	if err != nil {
		return t, err
	}
	if t.Already, err = store.Trusted(l.Dir, t.Digest); err != nil || dry || t.Already {
		return t, err
	}
	return t, store.Trust(l.Dir, t.Digest)
}
