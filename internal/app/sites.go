package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/coranto/coranto/internal/config"
)

// siteRetry is how long a site that could not be opened waits for the next try.
const siteRetry = 10 * time.Second

// ServeSites serves the sites in several directories, each with its own lock,
// configuration, state and releases, on one listener: host.names tell them
// apart. What happens is told with the directory; a site that fails leaves the
// others alone and is tried again. It ends with ctx, or when nothing can listen.
func ServeSites(ctx context.Context, dirs []string, l net.Listener, o Options, opened string, tell func(dir string, h Happening)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := newFront(l, opened, true, func(err error) { tell("", Happening{Err: err}) })
	s := &sites{f: f, dirs: dirs, open: make([]*App, len(dirs))}
	fronted := make(chan error, 1)
	go func() { fronted <- f.run(ctx) }()
	var under sync.WaitGroup
	for i, dir := range dirs {
		under.Go(func() { s.keep(ctx, i, o, func(h Happening) { tell(dir, h) }) })
	}
	err := <-fronted
	stop()
	under.Wait()
	return err
}

type sites struct {
	f    *front
	dirs []string
	mu   sync.Mutex
	open []*App // nil: not now
}

// keep serves one site, again and again.
func (s *sites) keep(ctx context.Context, i int, o Options, tell func(Happening)) {
	told := ""
	for {
		err := s.once(ctx, i, o, tell)
		if ctx.Err() != nil {
			return
		}
		if err != nil && err.Error() != told {
			told = err.Error()
			tell(Happening{Err: err})
		}
		select {
		case <-time.After(siteRetry):
		case <-ctx.Done():
			return
		}
	}
}

func (s *sites) once(ctx context.Context, i int, o Options, tell func(Happening)) error {
	a, err := Open(ctx, s.dirs[i], o)
	if err != nil {
		return err
	}
	err = s.put(i, a)
	if err == nil {
		err = a.tend(ctx, tell)
	}
	return errors.Join(err, s.put(i, nil), a.Close())
}

// put makes a site known to the front, or forgotten.
func (s *sites) put(i int, a *App) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a != nil {
		names := a.Config().Host.Names
		if len(names) == 0 {
			return fmt.Errorf("%s: host.names says nothing, so nobody can ask for this site among several\nhint: host: {names: [news.example.org]}", config.FileName)
		}
		for k, other := range s.open {
			if k != i && other != nil && slices.ContainsFunc(names, func(n string) bool { return answersTo(other.Config().Host, n) }) {
				return fmt.Errorf("%s: host.names has a name that %s has too\nhint: give each site names of its own", config.FileName, s.dirs[k])
			}
		}
	}
	s.open[i] = a
	list := slices.DeleteFunc(slices.Clone(s.open), func(a *App) bool { return a == nil })
	s.f.sites.Store(&list)
	return nil
}

// ListenOf is the address that the first of several sites wants to be heard at;
// empty: none says.
func ListenOf(dirs []string) string {
	for _, dir := range dirs {
		l, err := layoutOf(dir)
		if err != nil {
			continue
		}
		if cfg, err := l.readConfig(); err == nil && cfg.Host.Listen != "" {
			return cfg.Host.Listen
		}
	}
	return ""
}
