// Package sampleweb is a small invented web on loopback: blogs with feeds in
// four formats, pages whose metadata varies as the real web's does, pictures,
// and the faults that real sources have. The demo, tests and benchmarks read
// it over real sockets.
//
// What it shows follows from a seed and a time, ports aside. It never reaches
// beyond loopback, and it knows nothing of who reads it.
package sampleweb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Options choose the web. The zero value is a dozen healthy sources with
// fourteen posts each, every source on a port of its own.
type Options struct {
	Sources  int              // 0: 12
	PostsPer int              // posts published before the start, a source; 0: 14
	FeedSize int              // newest entries a feed shows; 0: 10 to 25, by source
	Seed     uint64           // another seed, other posts
	Now      func() time.Time // nil: time.Now

	// Faults gives the first dozen sources one of each Fault (five stay
	// healthy), and every 25th source after them one in turn.
	Faults bool
	// RetryAfter makes flaky sources name a wait of a second with their 503.
	RetryAfter bool
	// Assign sets the fault of single sources, by number; it wins over Faults.
	Assign map[int]Fault
	// Quirks are added to single sources, by number.
	Quirks map[int]Quirk
	// AllQuirks are added to every source.
	AllQuirks Quirk

	// Listeners > 0 puts all sources behind that many sockets, each source
	// with an address of its own, http://127.a.b.c:port; 0: every source has
	// its own port on 127.0.0.1. Only Linux answers on all of 127.0.0.0/8.
	Listeners int
	// Port is the first port taken; 0: any free ones.
	Port int
	// PageBytes pads post pages with menus, styles and scripts up to about
	// this size, as real pages are (60 KB and more); 0: about 10 KB.
	PageBytes int
	// NoGzip answers uncompressed whatever the client accepts.
	NoGzip bool
}

// Fault is what is wrong with a source as a whole.
type Fault string

// The faults. Only Error, Hang and Gone keep a reader from the posts.
const (
	Healthy   Fault = ""
	Error     Fault = "error"     // the feed answers 500
	Hang      Fault = "hang"      // accepts the connection, never answers
	Malformed Fault = "malformed" // bare ampersands, undeclared entities, cut short; every entry is whole
	Gone      Fault = "gone"      // the feed answers 410
	Moved     Fault = "moved"     // 301 to the same blog at a new address
	Repeat    Fault = "repeat"    // also lists another source's newest posts: their links, ids of its own
	Flaky     Fault = "flaky"     // 503 to every second request for the feed, the first included
)

// Quirk is a set of habits of a feed.
type Quirk uint

// The quirks.
const (
	Tracking   Quirk = 1 << iota // links carry utm_ parameters, other ones in each revision
	Future                       // the newest entry is dated two days ahead
	Regenerate                   // ids are other ones in each revision
	Redate                       // every entry is dated at the latest revision
	NoDates                      // entries carry no date
	NoAuthors                    // entries name no author (the pages do)
	Summaries                    // entries carry a summary only, never the text
)

// Site is one source.
type Site struct {
	ID       string
	Name     string
	Home     string // URL of the home page, which links to the feed
	FeedURL  string
	Format   string // rss2, rss1, atom, jsonfeed
	Fault    Fault
	Quirks   Quirk
	MovedTo  string // of a moved source: where the feed is now
	Kind     string // blog or video
	Language string // BCP 47
	Topic    string
}

// Truth is one post as it was really published, to check fields against.
type Truth struct {
	Site      string // Site.ID
	ID        string // as the feed gives it, unless a quirk changes it
	URL       string // canonical
	Title     string
	Author    string
	Intro     string
	Published time.Time // whole seconds, UTC
	Tags      []string
	Image     string // absolute URL; empty: the post has none
	Language  string
	Also      []string // sources that repeat it
}

// Access is one request that was answered, or given up.
type Access struct {
	Site        string // Site.ID
	Host        string
	Method      string
	Path        string // with the query
	Time        time.Time
	Conditional bool // carried If-None-Match or If-Modified-Since
	Gzip        bool // accepted gzip
	UserAgent   string
	Status      int // 0: never answered
	Bytes       int // of the body, as sent
}

// Web is a running sample web.
type Web struct {
	opt     Options
	now     func() time.Time
	server  *http.Server
	ctx     context.Context // ends with the web; handlers that hang wait for it
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	pages   *pageStyle
	images  *pictures
	squeeze squeezer

	sites  []*site
	byHost map[string]door

	mu  sync.Mutex // guards what follows and the mutable part of every site
	rng *rand.Rand
	log []Access
}

// door is what a host name opens: a site, at its old or its new address.
type door struct {
	site *site
	old  bool
}

// maxLog bounds the memory of a web that runs for ever; the older half goes.
const maxLog = 1 << 20

// Start opens the sockets and answers until ctx ends or Close is called.
func Start(ctx context.Context, opt Options) (*Web, error) {
	if opt.Sources <= 0 {
		opt.Sources = 12
	}
	if opt.PostsPer <= 0 {
		opt.PostsPer = 14
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	w := &Web{
		opt:    opt,
		now:    func() time.Time { return opt.Now().UTC().Truncate(time.Second) },
		byHost: map[string]door{},
		rng:    rand.New(rand.NewPCG(opt.Seed, 0x5eed)),
		images: newPictures(),
	}
	w.pages = newPageStyle(opt)
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	w.server = &http.Server{
		Handler:           http.HandlerFunc(w.serve),
		ReadHeaderTimeout: time.Minute,
	}
	w.makeSites()
	if err := w.listen(); err != nil {
		w.Close()
		return nil, fmt.Errorf("sample web: %w", err)
	}
	for _, s := range w.sites {
		w.backlog(s)
	}
	w.repeat()
	context.AfterFunc(ctx, w.shut)
	return w, nil
}

// Close ends the web, connections under way included, and waits for it.
func (w *Web) Close() {
	w.shut()
	w.wg.Wait()
}

func (w *Web) shut() {
	w.cancel()
	w.server.Close()
}

// listen gives each site its origin. Listening comes before any answer: URLs
// in pages and feeds name the ports.
func (w *Web) listen() error {
	var shared []net.Listener
	for i := range w.opt.Listeners {
		l, err := net.Listen("tcp4", net.JoinHostPort("0.0.0.0", w.port(i)))
		if err != nil {
			return err
		}
		l = loopbackOnly{l}
		shared = append(shared, l)
		w.run(l)
	}
	n := 0
	origin := func() (string, error) {
		defer func() { n++ }()
		if len(shared) == 0 {
			l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", w.port(n)))
			if err != nil {
				return "", err
			}
			w.run(l)
			return l.Addr().String(), nil
		}
		_, port, err := net.SplitHostPort(shared[n%len(shared)].Addr().String())
		if err != nil {
			return "", err
		}
		// 127.0.x.y is left to others; 250 hosts to a third octet.
		ip := net.IPv4(127, byte(1+n/62500), byte(n/250%250), byte(1+n%250))
		return net.JoinHostPort(ip.String(), port), nil
	}
	for _, s := range w.sites {
		host, err := origin()
		if err != nil {
			return err
		}
		s.origin = "http://" + host
		w.byHost[host] = door{site: s}
		if s.Fault == Moved {
			w.byHost[host] = door{site: s, old: true}
			s.oldOrigin = s.origin
			if host, err = origin(); err != nil {
				return err
			}
			s.origin = "http://" + host
			w.byHost[host] = door{site: s}
		}
		s.address()
	}
	return nil
}

func (w *Web) port(i int) string {
	if w.opt.Port == 0 {
		return "0"
	}
	return strconv.Itoa(w.opt.Port + i)
}

func (w *Web) run(l net.Listener) {
	w.wg.Go(func() {
		if err := w.server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			w.cancel()
		}
	})
}

// loopbackOnly accepts what came in on 127.0.0.0/8: a socket cannot be bound
// to a whole prefix.
type loopbackOnly struct{ net.Listener }

func (l loopbackOnly) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if a, ok := c.LocalAddr().(*net.TCPAddr); ok && a.IP.IsLoopback() {
			return c, nil
		}
		c.Close()
	}
}

// Sources lists every source, the broken ones too.
func (w *Web) Sources() []Site {
	all := make([]Site, len(w.sites))
	for i, s := range w.sites {
		all[i] = s.Site
	}
	return all
}

// Posts lists what is truly published, by source and then oldest first. A
// repeated post stands once, under its own source.
func (w *Web) Posts() []Truth {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Truth
	for _, s := range w.sites {
		for _, p := range s.posts {
			all = append(all, p.truth(s))
		}
	}
	return all
}

// Log lists the requests so far, in the order they came in.
func (w *Web) Log() []Access {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Access(nil), w.log...)
}

// ClearLog forgets the requests so far.
func (w *Web) ClearLog() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = nil
}

// Publish makes n new posts appear now, spread over the sources that can be
// read, and tells which.
func (w *Web) Publish(n int) []Truth {
	w.mu.Lock()
	defer w.mu.Unlock()
	var open []*site
	for _, s := range w.sites {
		if s.Fault != Error && s.Fault != Hang && s.Fault != Gone {
			open = append(open, s)
		}
	}
	if len(open) == 0 {
		return nil
	}
	var made []Truth
	at := w.now()
	order := w.rng.Perm(len(open))
	for i := range n {
		s := open[order[i%len(open)]]
		p := s.compose(w.opt.Seed, at)
		s.posts = append(s.posts, p)
		s.revise(at)
		made = append(made, p.truth(s))
	}
	return made
}

// PublishOn makes n new posts appear now on the source with this number.
func (w *Web) PublishOn(source, n int) []Truth {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, at := w.sites[source], w.now()
	var made []Truth
	for range n {
		p := s.compose(w.opt.Seed, at)
		s.posts = append(s.posts, p)
		made = append(made, p.truth(s))
	}
	s.revise(at)
	return made
}

// Rebuild generates every feed anew without a new post, as blogs do whose
// ids, dates or links change with each build. Validators change with it.
func (w *Web) Rebuild() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.sites {
		s.revise(w.now())
	}
}

// AutoPublish publishes one post in each period until the web is closed.
func (w *Web) AutoPublish(every time.Duration) {
	w.wg.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-w.ctx.Done():
				return
			case <-t.C:
				w.Publish(1)
			}
		}
	})
}
