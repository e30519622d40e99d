package pipeline

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coranto/coranto"
	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/engine"
)

// CommitInput is all that a run has read.
type CommitInput struct {
	Started time.Time `json:"started"` // of the run: first_seen of its posts
	Skipped int       `json:"skipped"`
	Results []Result  `json:"results"`
	Head    string    `json:"head,omitempty"` // as DueOutput
	Posts   int       `json:"posts,omitempty"`
}

// Result is what came of one source.
type Result struct {
	Source  Ask       `json:"source"`
	Fetched Outcome   `json:"fetched"`
	Known   Known     `json:"known"`
	Posts   []Scraped `json:"posts,omitempty"`
	Error   *Failure  `json:"error,omitempty"`
}

// Failure is an error as a Catch hands it on.
type Failure struct {
	Error string `json:"Error"`
	Cause string `json:"Cause"`
}

// Trouble is a source that failed, and why.
type Trouble struct {
	Source string `json:"source"`
	URL    string `json:"url"`
	Error  string `json:"error"`
	Cause  string `json:"cause"`
}

// Summary is what a run did. It is the output of the aggregate workflow.
type Summary struct {
	Run         string    `json:"run"`
	Started     time.Time `json:"started"`
	Ended       time.Time `json:"ended"`
	Sources     int       `json:"sources"` // asked
	NotModified int       `json:"not_modified"`
	Skipped     int       `json:"skipped"` // not due, or on hold
	Failed      []Trouble `json:"failed,omitempty"`
	Held        []Trouble `json:"held,omitempty"`
	Moved       []Trouble `json:"moved,omitempty"`
	Entries     int       `json:"entries"`
	New         int       `json:"new"`
	Merged      int       `json:"merged"`
	Revised     int       `json:"revised"`
	Unscraped   int       `json:"unscraped"`        // new posts whose page could not be read
	Closed      int       `json:"closed,omitempty"` // of these: closed by robots.txt
	Commit      string    `json:"commit,omitempty"`
	Pushed      bool      `json:"pushed,omitempty"`
	PushError   string    `json:"push_error,omitempty"`
	PushFailure string    `json:"push_failure,omitempty"` // its name, as in the table of errors
	Behind      []string  `json:"behind,omitempty"`       // files the user has edited
	TreeError   string    `json:"tree_error,omitempty"`   // why the working tree could not follow, for another reason
}

// Facts about runs.
const (
	FactLastRun = "run.last" // Summary as JSON
	FactLastOK  = "run.ok"   // when a run last ended well, RFC 3339
)

func (p *Pipeline) commitPosts(ctx context.Context, t engine.Task, in CommitInput) (Summary, error) {
	set := p.Settings()
	for _, r := range in.Results {
		if r.Error != nil && ours(r.Error.Error) {
			return Summary{}, &engine.TaskError{Name: r.Error.Error, Cause: r.Error.Cause}
		}
	}
	inOrder(in.Results, set.Sources)
	sum := Summary{Run: string(t.Execution), Started: in.Started, Sources: len(in.Results), Skipped: in.Skipped}
	batch := content.Batch{Run: string(t.Execution), FirstSeen: in.Started.UTC().Truncate(time.Second)}
	with := content.Assembly{FirstSeen: batch.FirstSeen, Location: set.Location, TagMap: set.TagMap}
	fresh := map[string]int{}
	for _, r := range in.Results {
		for _, s := range r.Posts {
			if s.Error != "" {
				sum.Unscraped++
			}
			if s.Error == "Page.Robots" {
				sum.Closed++
			}
			post := content.Assemble(r.Source.Source, s.Entry, s.Page, with)
			if post.Author == "" {
				post.Author = names(r.Fetched.Authors)
			}
			queue(r.Source.Source, &post)
			batch.Posts = append(batch.Posts, post)
			fresh[r.Source.ID]++
		}
		clear(r.Posts) // what they were made of is not held through the commit
		batch.Changes = append(batch.Changes, withoutRevisions(r.Source.Source, r.Known.Changes)...)
		sum.Entries += r.Fetched.Entries
		sum.count(r)
	}
	if c, ok := set.Web.(interface{ Close() }); ok && len(batch.Posts) >= manyPosts {
		c.Close() // connections that nobody needs for a while
	}
	Tidy(len(batch.Posts))
	batch.SourcesRead, batch.SourcesFailed = len(in.Results)-len(sum.Failed), len(sum.Failed)
	res, err := p.Content.Commit(ctx, batch)
	if err != nil {
		return Summary{}, err
	}
	sum.Commit, sum.New, sum.Merged, sum.Revised = res.Commit, len(res.Added), len(res.Merged), len(res.Revised)
	sum.Pushed, sum.Behind = res.Pushed, res.Behind
	if res.TreeError != nil {
		sum.TreeError = res.TreeError.Error()
	}
	if res.PushError != nil {
		sum.PushError, sum.PushFailure = res.PushError.Error(), KindOf(res.PushError).Name
	}
	// From here on the posts are durable: the validators may become current, but
	// for those that stand for posts which have been taken away meanwhile.
	if in.Head != "" {
		lost, err := p.lost(ctx, in.Head, in.Posts)
		if err != nil {
			return Summary{}, err
		}
		for i := range in.Results {
			if lost {
				in.Results[i].Fetched.Validators = catalog.Validators{}
			}
		}
	}
	sum.Ended = p.Now().UTC().Truncate(time.Second)
	facts, err := p.facts(ctx, sum)
	if err != nil {
		return Summary{}, err
	}
	return sum, p.record(ctx, t, set, in, fresh, facts)
}

// manyPosts is a harvest whose making has left a lot of memory behind.
const manyPosts = 1000

// Tidy gives the memory of what is over back to the machine, where a harvest was
// large, before the next that needs much begins: the collector would do so too, but
// only after the peak of both.
func Tidy(posts int) {
	if posts >= manyPosts {
		debug.FreeOSMemory()
	}
}

// ours reports whether a failure inside a source's part of a run is none of the
// source's: then the run has failed, and no source is blamed.
func ours(name string) bool {
	for _, prefix := range []string{"Content.", "Disk.", "Git.", "State."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// inOrder sorts results as the configuration lists the sources: of two that
// bring the same article in one run, the first listed has it.
func inOrder(results []Result, sources []coranto.Source) {
	at := make(map[string]int, len(sources))
	for i, s := range sources {
		at[s.ID] = i
	}
	slices.SortStableFunc(results, func(a, b Result) int { return at[a.Source.ID] - at[b.Source.ID] })
}

func (s *Summary) count(r Result) {
	t := Trouble{Source: r.Source.ID, URL: r.Source.Address, Error: r.Fetched.Error, Cause: r.Fetched.Message}
	switch {
	case r.Error != nil:
		t.Error, t.Cause = r.Error.Error, r.Error.Cause
		s.Failed = append(s.Failed, t)
	case !r.Fetched.Held.IsZero():
		s.Held = append(s.Held, t)
	case r.Fetched.Gone:
		s.Failed = append(s.Failed, t)
	case r.Fetched.Permanent != "":
		t.Error, t.Cause = "Fetch.Moved", r.Fetched.Permanent
		s.Moved = append(s.Moved, t)
		fallthrough
	default:
		if r.Fetched.NotModified {
			s.NotModified++
		}
	}
}

// record tells the catalog what each source came to, and the facts of the run,
// in one transaction. Done again it changes nothing.
func (p *Pipeline) record(ctx context.Context, t engine.Task, set *Settings, in CommitInput, fresh map[string]int, facts map[string]string) error {
	results, run := in.Results, string(t.Execution)
	by := make(map[string]Result, len(results))
	ids := make([]string, 0, len(results))
	for _, r := range results {
		by[r.Source.ID] = r
		ids = append(ids, r.Source.ID)
	}
	return p.Catalog.Record(ctx, ids, facts, func(id string, s catalog.State) catalog.State {
		r := by[id]
		o := r.Fetched
		at := o.At
		if at.IsZero() {
			at = in.Started.UTC().Truncate(time.Second)
		}
		if s.URL == r.Source.URL && s.Run == run {
			return s // a try before a crash has told it
		}
		out := catalog.Outcome{At: at, NotModified: o.NotModified, Validators: o.Validators, New: fresh[id], Entries: o.Entries,
			Identity: o.Identity, Title: o.Title, Site: o.Site, Format: o.Format, PostGap: o.PostGap, MaxAge: o.MaxAge, TTL: o.TTL,
			Permanent: o.Permanent, Gone: o.Gone, Held: o.Held, Error: o.Error, Message: o.Message, Asked: o.Asked, Hubs: o.Hubs}
		if out.Asked.IsZero() {
			out.Asked = in.Started // no later than it was
		}
		if r.Error != nil {
			out.Error, out.Message = r.Error.Error, r.Error.Cause
		}
		verified(&out, s, r, fresh[id])
		s = s.For(r.Source.Source, r.Source.Rules).After(out, set.every(r.Source.Source), set.Bounds)
		s.Run = run
		return s
	})
}

// facts are what is remembered of a run that ended well.
func (p *Pipeline) facts(ctx context.Context, sum Summary) (map[string]string, error) {
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(sum)
	if err != nil {
		return nil, err
	}
	facts := map[string]string{
		factCommit:  snap.Commit(),
		factPosts:   strconv.Itoa(snap.Len()),
		FactLastRun: string(b),
	}
	if len(sum.Failed)+len(sum.Held) < sum.Sources { // somebody has answered
		facts[FactLastOK] = sum.Ended.Format(time.RFC3339)
	}
	return facts, nil
}

// lost reports whether the branch no longer holds the posts that it held at
// commit.
func (p *Pipeline) lost(ctx context.Context, commit string, posts int) (bool, error) {
	snap, err := p.Content.Snapshot(ctx)
	if err != nil {
		return false, err
	}
	return isLost(ctx, snap, commit, posts, p.Contains)
}

func isLost(ctx context.Context, snap *content.Snapshot, commit string, posts int, contains func(ctx context.Context, head, commit string) (bool, error)) (bool, error) {
	if snap.Commit() == commit {
		return false, nil
	}
	if in, err := contains(ctx, snap.Commit(), commit); err != nil || !in {
		return err == nil, err
	}
	return snap.Len() < posts, nil
}

// names joins the names of people.
func names(list []coranto.Person) string {
	var out []string
	for _, p := range list {
		if p.Name != "" {
			out = append(out, p.Name)
		}
	}
	return strings.Join(out, ", ")
}

func people(names []string) []coranto.Person {
	var out []coranto.Person
	for _, n := range names {
		out = append(out, coranto.Person{Name: n})
	}
	return out
}
