package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coranto/coranto/internal/catalog"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/egress"
	"github.com/coranto/coranto/internal/notify"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/secret"
)

// factNotify holds the notify.Memory: what has been told, and what is on its way.
const factNotify = "notify.memory"

// patience is how many failures in a row make a source worth telling of: a
// single one passes in most cases.
const patience = 3

// Notified is what telling people came to.
type Notified struct {
	Sent   int      `json:"sent"`
	Failed []string `json:"failed,omitempty"` // what could not be delivered yet, and why
	Left   int      `json:"left"`             // on their way, to be tried again

	Planned []PlannedMessage `json:"planned,omitempty"` // of a dry run: what would be sent
}

// PlannedMessage is what would be told to somebody.
type PlannedMessage struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// PlanNotify tells what Notify would send for the site in dir, and sends and
// remembers nothing.
func PlanNotify(ctx context.Context, dir string, o Options) (Notified, error) {
	v, err := openView(ctx, dir, o)
	if err != nil {
		return Notified{}, err
	}
	defer v.close()
	to := v.config.Receivers()
	trusted, err := v.trusted(v.config)
	if err != nil {
		return Notified{}, err
	}
	if len(to) > 0 && !trusted {
		return Notified{}, untrustedNotify()
	}
	if v.catalog == nil {
		return Notified{}, nil
	}
	m, err := memoryOf(ctx, v.catalog)
	if err != nil {
		return Notified{}, err
	}
	st, err := status(ctx, v.config, v.db, nil, v.now)
	if err != nil {
		return Notified{}, err
	}
	m.Take(siteOf(st, v.config), receivers(to))
	var res Notified
	for _, i := range m.Due(v.now) {
		p := m.Out[i]
		res.Planned = append(res.Planned, PlannedMessage{p.To, p.Message.Subject, p.Message.Text})
	}
	res.Left = len(m.Out) - len(res.Planned)
	return res, nil
}

// memoryOf is what has been told.
func memoryOf(ctx context.Context, c *catalog.Catalog) (notify.Memory, error) {
	var m notify.Memory
	text, err := c.Fact(ctx, factNotify)
	if err == nil && text != "" && json.Unmarshal([]byte(text), &m) != nil {
		m = notify.Memory{}
	}
	return m, err
}

func untrustedNotify() error {
	return fmt.Errorf("%w: notify: of coranto.yaml (hint: read it, then `coranto trust`)", pipeline.ErrUntrusted)
}

// Notify tells those whom the configuration names what has changed since they
// were told last, and tries again what could not be delivered.
func (a *App) Notify(ctx context.Context) (Notified, error) {
	a.notifying.Lock()
	defer a.notifying.Unlock()
	cur := a.current.Load()
	to := cur.config.Receivers()
	if len(to) == 0 || !cur.ownWorkflows {
		return Notified{}, nil
	}
	m, err := memoryOf(ctx, a.catalog)
	if err != nil {
		return Notified{}, err
	}
	st, err := status(ctx, cur.config, a.db, nil, a.o.Now())
	if err != nil {
		return Notified{}, err
	}
	if m.Take(siteOf(st, cur.config), receivers(to)) {
		// What is to be told is durable before anybody is told: a restart goes on.
		if err := a.keepMemory(ctx, m); err != nil {
			return Notified{}, err
		}
	}
	return a.deliver(ctx, &m, to, cur.web)
}

func (a *App) keepMemory(ctx context.Context, m notify.Memory) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return a.catalog.SetFact(ctx, factNotify, string(b))
}

// deliver tries what is due, and remembers each at once.
func (a *App) deliver(ctx context.Context, m *notify.Memory, to []config.Notify, web *egress.Client) (Notified, error) {
	var res Notified
	before := len(m.Out)
	due := m.Due(a.o.Now())
	if len(m.Out) < before {
		if err := a.keepMemory(ctx, *m); err != nil {
			return res, err
		}
	}
	out := 0 // what is delivered is taken out
	for _, at := range due {
		i := at - out
		p := m.Out[i]
		err := errors.New("is no longer told anything")
		gone := true
		for _, n := range to {
			if receiverName(n) == p.To {
				gone = false
				err = a.send(ctx, web, n, p.Message)
			}
		}
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		switch {
		case gone:
			m.Sent(i, nil, a.o.Now())
			out++
		case err != nil:
			res.Failed = append(res.Failed, p.To+": "+err.Error())
			m.Sent(i, err, a.o.Now())
		default:
			res.Sent++
			m.Sent(i, nil, a.o.Now())
			out++
		}
		if err := a.keepMemory(ctx, *m); err != nil {
			return res, err
		}
	}
	res.Left = len(m.Out)
	return res, nil
}

// send hands one message to one receiver.
func (a *App) send(ctx context.Context, web *egress.Client, n config.Notify, msg notify.Message) error {
	login, err := a.login(n.Secret)
	if err != nil {
		return err
	}
	switch n.Kind {
	case config.NotifyMail:
		return notify.Mail(ctx, notify.Letter{Server: n.Server, From: n.From, To: n.To, Login: login}, msg)
	case config.NotifyNtfy:
		return notify.Ntfy(ctx, web, n.To, n.Zone, login, msg)
	}
	return notify.Webhook(ctx, web, n.To, n.Zone, login, msg)
}

// login reads a secret: user:password, or a token.
func (a *App) login(name string) (notify.Login, error) {
	if name == "" {
		return notify.Login{}, nil
	}
	v, err := secret.Open(a.secrets(), secret.Options{}).Get(name)
	if errors.Is(err, secret.ErrNotFound) {
		return notify.Login{}, fmt.Errorf("%w (hint: coranto secret set %s)", err, name)
	}
	if err != nil {
		return notify.Login{}, err
	}
	text := v.Reveal()
	for i := range text {
		if text[i] == ':' {
			return notify.Login{User: text[:i], Password: text[i+1:]}, nil
		}
	}
	return notify.Login{Password: text}, nil
}

func receiverName(n config.Notify) string { return n.Kind + ":" + n.To }

func receivers(to []config.Notify) []notify.Receiver {
	out := make([]notify.Receiver, len(to))
	for i, n := range to {
		out[i] = notify.Receiver{Name: receiverName(n), On: n.On}
	}
	return out
}

// siteOf is how a site stands, for those who are told.
func siteOf(st Status, cfg *config.Config) notify.Site {
	s := notify.Site{Title: st.Site, URL: st.URL, Now: st.Now, Stale: st.Stale && !st.LastOK.IsZero(), LastOK: st.LastOK, MaxAge: cfg.Freshness.MaxAge}
	if u := st.Untold; u != nil && u.Tries >= patience {
		s.Hub = &notify.Standing{ID: "hub", Title: "the hub of the site", URL: u.Hub, Health: "not told", Bad: true, Since: u.At,
			Why: u.Error, Advice: "readers who follow through the hub hear later of what is new; it is tried again"}
	}
	for _, src := range st.Sources {
		bad := src.Health.Bad() && (src.Health != catalog.Failing || src.Failures >= patience)
		s.Sources = append(s.Sources, notify.Standing{ID: src.ID, Title: src.Title, URL: src.URL, Health: string(src.Health), Bad: bad, Why: src.Why, Advice: src.Advice, Since: src.Since})
	}
	return s
}

// TryNotify sends a message to every receiver, to see whether it arrives.
func (a *App) TryNotify(ctx context.Context) (Notified, error) {
	cur := a.current.Load()
	if !cur.ownWorkflows && len(cur.config.Receivers()) > 0 {
		return Notified{}, untrustedNotify()
	}
	var res Notified
	msg := testMessage(cur.config, a.o.Now())
	for _, n := range cur.config.Receivers() {
		if err := a.send(ctx, cur.web, n, msg); err != nil {
			res.Failed = append(res.Failed, receiverName(n)+": "+err.Error())
			continue
		}
		res.Sent++
	}
	return res, nil
}

// attend tells people of what has changed, for as long as the site is served:
// after each run, and twice a minute for what time alone changes.
func (a *App) attend(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	seen, last := "", time.Time{}
	for {
		run, err := a.catalog.Fact(ctx, pipeline.FactLastRun)
		if now := a.o.Now(); err == nil && (run != seen || now.Sub(last) > 30*time.Second) {
			seen, last = run, now
			res, err := a.Notify(ctx)
			if ctx.Err() != nil {
				return
			}
			for _, f := range res.Failed {
				a.o.Log.WarnContext(ctx, "a message could not be delivered", pipeline.KeyError, f)
			}
			if err != nil {
				a.o.Log.WarnContext(ctx, "nobody was told", pipeline.KeyError, err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// PlanTryNotify tells whom TryNotify would send a message.
func PlanTryNotify(_ context.Context, dir string, o Options) (Notified, error) {
	o.defaults()
	l, cfg, trusted, err := look(dir)
	if err != nil {
		return Notified{}, err
	}
	if !trusted && len(cfg.Receivers()) > 0 {
		return Notified{}, untrustedNotify()
	}
	msg := testMessage(cfg, o.Now())
	var res Notified
	for _, n := range cfg.Receivers() {
		if _, err := (&App{Layout: l}).login(n.Secret); err != nil {
			res.Failed = append(res.Failed, receiverName(n)+": "+err.Error())
			continue
		}
		res.Planned = append(res.Planned, PlannedMessage{receiverName(n), msg.Subject, msg.Text})
	}
	return res, nil
}

func testMessage(cfg *config.Config, now time.Time) notify.Message {
	now = now.UTC().Truncate(time.Second)
	return notify.Message{ID: fmt.Sprintf("test-%d", now.Unix()), Kind: "test", Site: cfg.Site.Title, URL: cfg.Site.URL, At: now,
		Subject: "A test", Text: "This is how you will be told when sources fail or the site goes stale.\n"}
}
