package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/git"
	"github.com/coranto/coranto/internal/moderation"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/secret"
	"github.com/coranto/coranto/internal/sqlite"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	Fine    Level = "ok"
	Warning Level = "warning"
	Broken  Level = "broken"
)

// Finding is what doctor found of one thing.
type Finding struct {
	Name  string `json:"name"` // config, git, content …
	Level Level  `json:"level"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
	Fixed string `json:"fixed,omitempty"` // what --fix did about it

	Would string `json:"would,omitempty"` // what --fix would do about it, of a dry run

	fix   func(context.Context) (string, error)
	fixes string // what fix does
}

// DoctorOptions say what doctor does.
type DoctorOptions struct {
	Fix     bool
	DryRun  bool // with Fix: only tell what would be repaired
	Offline bool // the remote is not asked
}

// Doctor looks at everything a site depends on, and with Fix repairs what can be
// repaired without a decision of a person: nothing that it does touches a post
// or the configuration. tell is told each finding at once.
func Doctor(ctx context.Context, dir string, do DoctorOptions, o Options, tell func(Finding)) ([]Finding, error) {
	o.defaults()
	l, err := layoutOf(dir)
	if err != nil {
		return nil, err
	}
	if do.DryRun {
		do.Offline = true // asking it would move the ref that follows it
	}
	d := &doctor{Layout: l, o: o, do: do}
	if d.config, err = l.readConfig(); err != nil {
		return nil, err
	}
	defer func() {
		if d.repo != nil {
			d.content.Close()
			d.repo.Close()
		}
	}()
	for _, check := range []func(context.Context) []Finding{
		d.checkConfig, d.checkGit, d.checkContent, d.checkModeration, d.checkState, d.checkHubs, d.checkReleases, d.checkRemote,
		d.checkSecrets, d.checkTrust, d.checkCages, d.checkClock, d.checkDisk, d.checkLeftovers,
	} {
		if err := ctx.Err(); err != nil {
			return d.found, err
		}
		for _, f := range check(ctx) {
			if f.fix != nil && do.Fix && do.DryRun {
				f.Would = f.fixes
			} else if f.fix != nil && do.Fix {
				if f.Fixed, err = f.fix(ctx); err != nil {
					f.Fixed = ""
					f.Hint = "could not be repaired: " + err.Error()
				} else {
					f.Level = Fine
				}
			} else if f.fix != nil && f.Hint == "" {
				f.Hint = "`coranto doctor --fix` repairs it"
			}
			d.found = append(d.found, f)
			tell(f)
		}
	}
	return d.found, nil
}

type doctor struct {
	Layout
	o       Options
	do      DoctorOptions
	config  *config.Config
	found   []Finding
	repo    *git.Repo // nil: not open yet
	content *content.Store
	newest  time.Time // commit seen
	snap    *content.Snapshot
}

func fine(name, format string, args ...any) []Finding {
	return []Finding{{Name: name, Level: Fine, Text: fmt.Sprintf(format, args...)}}
}

func broken(name string, err error) []Finding {
	return []Finding{{Name: name, Level: Broken, Text: err.Error(), Hint: hintOnly(err)}}
}

// hintOnly is the way out of an error whose text does not name it already.
func hintOnly(err error) string {
	if strings.Contains(err.Error(), "hint: ") {
		return ""
	}
	return Hint(err)
}

func (d *doctor) checkConfig(ctx context.Context) []Finding {
	v, err := Validate(ctx, d.Dir)
	if err != nil {
		return broken("config", err)
	}
	return fine("config", "%s and the theme %s are valid; sources: %d, %d of them active", config.FileName, v.Theme, v.Sources, v.Active)
}

// openRepo opens repository and content, without following edits anywhere.
func (d *doctor) openRepo(ctx context.Context) (*git.Repo, *content.Store, error) {
	if d.repo != nil {
		return d.repo, d.content, nil
	}
	repo, err := git.Open(ctx, d.Dir, git.Options{Author: git.Ident{Name: d.config.Commit.Name, Email: d.config.Commit.Email}})
	if err != nil {
		return nil, nil, err
	}
	branch, err := branchOf(ctx, repo, d.config)
	if err != nil {
		repo.Close()
		return nil, nil, err
	}
	store, err := content.Open(ctx, repo, content.Options{Path: d.config.Content, Branch: branch, Location: d.config.Site.Timezone, Now: d.o.Now})
	if err != nil {
		repo.Close()
		return nil, nil, err
	}
	d.repo, d.content = repo, store
	return repo, store, nil
}

func (d *doctor) checkGit(ctx context.Context) []Finding {
	repo, store, err := d.openRepo(ctx)
	if err != nil {
		return broken("git", err)
	}
	out := fine("git", "the repository is ready; commits are signed %s <%s>", repo.Author().Name, repo.Author().Email)
	if repo.Author() == git.DefaultIdent {
		out = append(out, Finding{Name: "git", Level: Warning, Text: "nobody says who commits, so commits are Coranto's own", Hint: "set commit: {name: …, email: …} in coranto.yaml, or git's user.name and user.email"})
	}
	if err := repo.Ready(ctx); err != nil {
		out = append(out, broken("git", err)...)
	}
	if at, err := repo.Checked(ctx); err == nil {
		if _, err := repo.Edited(ctx, at.Branch, map[string][]git.OID{config.FileName: nil}); err != nil { // it reads the index
			out = append(out, broken("git", err)...)
		}
	}
	behind, err := store.Behind(ctx)
	if err != nil {
		out = append(out, broken("git", err)...)
	}
	for _, path := range behind {
		out = append(out, Finding{Name: "git", Level: Warning, Text: path + " has your edits and does not follow the branch", Hint: "`git diff " + path + "` shows them; `git stash && git stash pop` merges"})
	}
	return out
}

// maxListed is how many faults of one kind are told one by one.
const maxListed = 10

func (d *doctor) checkContent(ctx context.Context) []Finding {
	repo, store, err := d.openRepo(ctx)
	if err != nil {
		return nil // told by git
	}
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return broken("content", err)
	}
	posts, err := snap.Posts(ctx)
	if err != nil {
		return broken("content", err)
	}
	if c, err := repo.ReadCommit(ctx, snap.Commit()); err == nil && c.When.After(d.newest) {
		d.newest = c.When
	}
	d.snap = snap
	var faults []string
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	owner := map[string]string{}
	for i := range posts {
		p := &posts[i]
		where := snap.Path(p.ID) + ": " + p.ID
		if p.Title == "" {
			add("%s has no title", where)
		}
		if p.FirstSeen.IsZero() && len(p.Keys) > 0 {
			add("%s has no first_seen", where)
		}
		if p.Published.After(p.FirstSeen) && !p.FirstSeen.IsZero() {
			add("%s is published after it was first seen", where)
		}
		for _, k := range p.Keys {
			if first, ok := owner[k]; ok && first != p.ID {
				add("%s has the key %q of %s", where, k, first)
			}
			owner[k] = p.ID
			if _, ok := content.ReadKey(k); !ok {
				add("%s has a key that cannot be read: %q", where, k)
			}
		}
	}
	faults = append(faults, snap.Warnings()...)
	out := fine("content", "%d posts at commit %.10s; keys, dates and files are as they should be", len(posts), snap.Commit())
	if len(faults) > 0 {
		out = fine("content", "%d posts at commit %.10s", len(posts), snap.Commit())
	}
	for i, f := range faults {
		if i == maxListed {
			out = append(out, Finding{Name: "content", Level: Warning, Text: fmt.Sprintf("and %d more", len(faults)-i)})
			break
		}
		out = append(out, Finding{Name: "content", Level: Warning, Text: f, Hint: "mend the file by hand and commit it; nothing is published wrongly meanwhile"})
	}
	return out
}

func (d *doctor) checkModeration(ctx context.Context) []Finding {
	if d.snap == nil {
		return nil
	}
	decided, err := pipeline.ReadDecisions(ctx, d.snap)
	if err != nil {
		return broken("moderation", err)
	}
	posts, err := d.snap.Posts(ctx)
	if err != nil {
		return nil // told by content
	}
	known := map[string]bool{}
	var undated []string // hidden, and nobody said since when
	for i := range posts {
		p := &posts[i]
		known[p.ID] = true
		if p.Hidden && decided.Of(p.ID).Hidden.IsZero() {
			undated = append(undated, p.ID)
		}
	}
	var out []Finding
	if len(decided.Posts) > 0 {
		out = fine("moderation", "%d decisions", len(decided.Posts))
	}
	for i, id := range undated {
		if i == maxListed {
			out = append(out, Finding{Name: "moderation", Level: Warning, Text: fmt.Sprintf("and %d more", len(undated)-i)})
			break
		}
		out = append(out, Finding{Name: "moderation", Level: Warning, Text: fmt.Sprintf("%s is hidden by hand: nothing says since when, so readers of the feeds are not told that it is gone", id),
			Hint: "`coranto post hide " + id + "` dates it, and tells them"})
	}
	for _, id := range decided.IDs() {
		if !known[id] {
			out = append(out, Finding{Name: "moderation", Level: Warning, Text: fmt.Sprintf("%s names %s, which is no post", moderation.FileName, id), Hint: "take the line out"})
		}
	}
	return out
}

func (d *doctor) checkState(ctx context.Context) []Finding {
	db, err := sqlite.Open(d.database(), sqlite.Options{ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return fine("state", "none yet; the first run makes it")
	}
	if err == nil {
		defer db.Close()
		err = quickCheck(ctx, db)
	}
	if err == nil {
		return fine("state", "%s is sound", filepath.Base(d.database()))
	}
	f := broken("state", err)
	if errors.Is(err, sqlite.ErrDamaged) {
		f[0].Hint = ""
		f[0].fixes = "set the state aside; no post is lost, every source is asked anew"
		f[0].fix = func(context.Context) (string, error) {
			lock, err := takeLock(d.Layout.lock())
			if err != nil {
				return "", err
			}
			defer lock.release()
			aside, err := sqlite.SetAside(d.database(), d.o.Now())
			return "set aside as " + filepath.Base(aside) + "; no post is lost, every source is asked anew", err
		}
	}
	return f
}

func quickCheck(ctx context.Context, db *sqlite.DB) error {
	var answer string
	if err := db.Read().QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&answer); err != nil {
		return sqlite.Explain(err)
	}
	if answer != "ok" {
		return fmt.Errorf("%w: %s", sqlite.ErrDamaged, answer)
	}
	return nil
}

func (d *doctor) checkReleases(ctx context.Context) []Finding {
	if !exists(d.Layout.releases()) {
		return fine("releases", "none yet; `coranto run` makes the first")
	}
	store, err := release.Open(d.Layout.releases(), release.Options{Now: d.o.Now, ReadOnly: true})
	if err != nil {
		return broken("releases", err)
	}
	problems, err := store.Verify(ctx)
	if err != nil {
		return broken("releases", err)
	}
	list, err := store.List()
	if err != nil {
		return broken("releases", err)
	}
	if len(problems) == 0 {
		return fine("releases", "%d, and every file of them is as its name says", len(list))
	}
	var out []Finding
	for i, p := range problems[:min(len(problems), maxListed)] {
		f := Finding{Name: "releases", Level: Broken, Text: strings.TrimSpace(fmt.Sprintf("%.10s %s %.10s: %s", p.Release, p.Path, p.Hash, p.What))}
		if i == 0 {
			f.fix, f.fixes = d.rebuild(problems), "build the site anew and make that live"
		}
		out = append(out, f)
	}
	return out
}

// rebuild takes damaged blobs away and makes the site anew.
func (d *doctor) rebuild(problems []release.Problem) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		a, err := Open(ctx, d.Dir, d.o)
		if err != nil {
			return "", err
		}
		defer a.Close()
		if err := a.releases.SaveMemo(release.Memo{}); err != nil {
			return "", err
		}
		p, err := a.Publish(ctx, PublishOptions{Force: true})
		if err != nil {
			return "", err
		}
		left, err := a.releases.Verify(ctx)
		if err != nil {
			return "", err
		}
		for _, q := range left {
			if q.Release == p.Release || q.Release == "" {
				return "", fmt.Errorf("release %.10s is made anew, but %s remains: move .coranto/releases away and run `coranto build`", p.Release, q.What)
			}
		}
		return fmt.Sprintf("the site was built anew: release %.10s is live and whole; %d older faults go with their releases", p.Release, len(left)), nil
	}
}

func (d *doctor) checkRemote(ctx context.Context) []Finding {
	remote := d.config.Remote
	if remote == "" {
		return []Finding{{Name: "remote", Level: Warning, Text: "there is none: this directory is the only copy", Hint: "set remote: in coranto.yaml"}}
	}
	if d.do.Offline {
		return fine("remote", "%s was not asked", redactUser(remote))
	}
	repo, _, err := d.openRepo(ctx)
	if err != nil {
		return nil
	}
	branch, err := branchOf(ctx, repo, d.config)
	if err != nil {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	theirs, err := repo.Fetch(ctx, d.remoteOf(d.config), branch)
	if err != nil {
		return broken("remote", err)
	}
	ours, err := repo.Branch(ctx, branch)
	if err != nil {
		return broken("remote", err)
	}
	base, _ := repo.MergeBase(ctx, ours, theirs)
	switch {
	case theirs == "":
		return fine("remote", "%s answers; it has no branch %s yet, the next run pushes it", redactUser(remote), branch)
	case theirs == ours:
		return fine("remote", "%s answers and has all of branch %s", redactUser(remote), branch)
	case base == theirs:
		return []Finding{{Name: "remote", Level: Warning, Text: "there are commits that the remote has not", Hint: "the next run pushes them"}}
	case base == ours:
		return fine("remote", "%s answers and is ahead; the next run takes that over", redactUser(remote))
	}
	return []Finding{{Name: "remote", Level: Warning, Text: "here and the remote both have commits of their own", Hint: "the next run joins them; only what both changed in one line needs a person"}}
}

// redactUser leaves out user and password.
func redactUser(remote string) string {
	if i := strings.Index(remote, "://"); i >= 0 {
		if at := strings.IndexByte(remote[i+3:], '@'); at >= 0 && !strings.Contains(remote[i+3:i+3+at], "/") {
			return remote[:i+3] + remote[i+3+at+1:]
		}
	}
	return remote
}

// credentialsOf finds user and password of a remote, when they are needed.
func credentialsOf(l Layout, remote string) func() (string, string, error) {
	return (&App{Layout: l}).credentials(remote)
}

func (d *doctor) checkSecrets(context.Context) []Finding {
	store := secret.Open(d.secrets(), secret.Options{})
	names, err := store.List()
	if err != nil {
		return broken("secrets", err)
	}
	var out []Finding
	for _, name := range names {
		if _, err := store.Get(name); err != nil {
			out = append(out, Finding{Name: "secrets", Level: Broken, Text: err.Error(), Hint: "bring the key of these secrets to this machine, or `coranto secret set` them anew"})
			break // one key for all
		}
	}
	if file, err := store.KeyFile(); err == nil {
		if text := openKey(file); text != "" {
			out = append(out, Finding{Name: "secrets", Level: Warning, Text: text, fixes: "chmod 600 " + file,
				fix: func(context.Context) (string, error) { return "chmod 600", os.Chmod(file, 0o600) }})
		}
	}
	for _, want := range wantedSecrets(d.config) {
		if !slices.Contains(names, want) {
			out = append(out, Finding{Name: "secrets", Level: Broken, Text: "coranto.yaml names the secret " + want + ", which is not there", Hint: "coranto secret set " + want})
		}
	}
	if len(out) == 0 && len(names) > 0 {
		return fine("secrets", "%d, and the key opens them", len(names))
	}
	return out
}

// wantedSecrets are those that the configuration names.
func wantedSecrets(cfg *config.Config) []string {
	var out []string
	for _, n := range cfg.Receivers() {
		out = append(out, n.Secret)
	}
	for _, t := range cfg.Tasks {
		out = append(out, t.Secrets...)
	}
	out = append(out, cfg.Build.Secrets...)
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" })
}

func (d *doctor) checkTrust(context.Context) []Finding {
	t, err := Trust(d.Dir, true)
	switch {
	case err != nil:
		return broken("trust", err)
	case len(t.Parts) == 0:
		return nil
	case !t.Already:
		var kinds []string
		for _, p := range t.Parts {
			if !slices.Contains(kinds, p.Kind) {
				kinds = append(kinds, p.Kind)
			}
		}
		return []Finding{{Name: "trust", Level: Warning, Text: "what this directory says of " + strings.Join(kinds, ", ") + " takes no effect", Hint: "read them with `coranto trust -n`, then `coranto trust`"}}
	}
	return fine("trust", "what was trusted is as it was (%d)", len(t.Parts))
}

// clockSlack is how far clocks of decent machines may differ.
const clockSlack = 5 * time.Minute

func (d *doctor) checkClock(ctx context.Context) []Finding {
	now := d.o.Now()
	if now.Year() < 2024 {
		return []Finding{{Name: "clock", Level: Broken, Text: "it says " + now.Format(time.RFC3339), Hint: "set the clock: posts get their place by it"}}
	}
	if d.newest.After(now.Add(clockSlack)) {
		return []Finding{{Name: "clock", Level: Broken, Text: fmt.Sprintf("it says %s, but the newest commit is of %s", now.UTC().Format(time.RFC3339), d.newest.UTC().Format(time.RFC3339)),
			Hint: "set the clock, or wait: posts get their place by it"}}
	}
	return fine("clock", "%s", now.UTC().Format(time.RFC3339))
}

// lowDisk is less than a build and its release may need.
const lowDisk = 256 << 20

func (d *doctor) checkDisk(context.Context) []Finding {
	free, ok := freeSpace(d.Dir)
	switch {
	case !ok:
		return nil
	case free < lowDisk:
		return []Finding{{Name: "disk", Level: Warning, Text: fmt.Sprintf("%d MB are free", free>>20), Hint: "make space; a build that does not fit is refused and the old site stays"}}
	}
	return fine("disk", "%d MB are free", free>>20)
}

// checkLeftovers looks for what a killed process has left.
func (d *doctor) checkLeftovers(context.Context) []Finding {
	var out []Finding
	tmp := d.Layout.config() + ".tmp"
	if exists(tmp) {
		out = append(out, Finding{Name: "leftovers", Level: Warning, Text: filepath.Base(tmp) + " was left by a process that was killed", fixes: "remove it",
			fix: func(context.Context) (string, error) { return "removed", os.Remove(tmp) }})
	}
	ignore, _ := os.ReadFile(filepath.Join(d.Dir, ".gitignore"))
	if !strings.Contains(string(ignore), ".coranto") {
		out = append(out, Finding{Name: "leftovers", Level: Warning, Text: ".gitignore does not name /.coranto/: state could be committed by mistake", Hint: "echo /.coranto/ >> .gitignore"})
	}
	return out
}
