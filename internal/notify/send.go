package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/smtp"
	"strings"
	"time"

	"github.com/coranto/coranto/internal/egress"
)

// Poster sends a request; *egress.Client is one.
type Poster interface {
	Get(ctx context.Context, r egress.Request) (*egress.Response, error)
}

// Login is a user with a password, or a token alone (User empty).
type Login struct{ User, Password string }

func (l Login) header() string {
	switch {
	case l.Password == "":
		return ""
	case l.User == "":
		return "Bearer " + l.Password
	}
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(l.User, l.Password)
	return r.Header.Get("Authorization")
}

// ErrNotTaken is wrapped where a receiver answered, but not with success.
var ErrNotTaken = errors.New("the message was not taken")

const sendTimeout = 30 * time.Second

// Webhook posts a message as JSON.
func Webhook(ctx context.Context, p Poster, url, zone string, login Login, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return post(ctx, p, url, zone, login, "application/json", body, http.Header{"Idempotency-Key": {m.ID}})
}

// Ntfy posts a message to a topic of an ntfy server.
func Ntfy(ctx context.Context, p Poster, url, zone string, login Login, m Message) error {
	h := http.Header{"X-Title": {mime.QEncoding.Encode("utf-8", m.Site+": "+m.Subject)}, "X-Tags": {"white_check_mark"}, "Idempotency-Key": {m.ID}}
	if m.Bad {
		h["X-Tags"], h["X-Priority"] = []string{"warning"}, []string{"high"}
	}
	if m.URL != "" {
		h["X-Click"] = []string{m.URL}
	}
	text := m.Text
	if len(text) > 3900 { // beyond 4096 bytes it would become an attachment
		text = strings.ToValidUTF8(text[:3900], "") + "…\n"
	}
	return post(ctx, p, url, zone, login, "text/plain; charset=utf-8", []byte(text), h)
}

func post(ctx context.Context, p Poster, url, zone string, login Login, kind string, body []byte, h http.Header) error {
	h["Content-Type"] = []string{kind}
	if a := login.header(); a != "" {
		h["Authorization"] = []string{a}
	}
	res, err := p.Get(ctx, egress.Request{URL: url, Zone: zone, Post: body, Header: h, NoRedirects: true, MaxBody: 64 << 10, Timeout: sendTimeout})
	if err != nil {
		return err
	}
	if res.Status < 200 || res.Status > 299 {
		return fmt.Errorf("%w: %s answered %d %s", ErrNotTaken, url, res.Status, http.StatusText(res.Status))
	}
	return nil
}

// Letter says how a mail goes out.
type Letter struct {
	Server   string // host:port; empty: localhost:25
	From, To string
	Login    Login
	TLS      *tls.Config // nil: the system's
}

// Mail sends a message by SMTP: with TLS from the first byte on port 465, else
// with STARTTLS where the server offers it. A password is never sent without.
func Mail(ctx context.Context, l Letter, m Message) error {
	if l.Server == "" {
		l.Server = "localhost:25"
	}
	if l.From == "" {
		l.From = l.To
	}
	host, port, err := net.SplitHostPort(l.Server)
	if err != nil {
		return fmt.Errorf("mail by %s: %w", l.Server, err)
	}
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if l.TLS != nil {
		conf = l.TLS.Clone()
		conf.ServerName = host
	}
	ctx, stop := context.WithTimeout(ctx, sendTimeout)
	defer stop()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.Server)
	if e, ok := errors.AsType[*net.OpError](err); ok && ctx.Err() == nil {
		return fmt.Errorf("mail by %s: no connection: %w (hint: is the server running, and server: of notify right?)", l.Server, root(e))
	}
	if err != nil {
		return fmt.Errorf("mail by %s: %w", l.Server, err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	if port == "465" {
		conn = tls.Client(conn, conf)
	}
	if err := l.speak(conn, host, conf, m); err != nil {
		return fmt.Errorf("mail by %s: %w", l.Server, err)
	}
	return nil
}

// root is the innermost cause, which says it best.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// speak holds the conversation.
func (l Letter) speak(conn net.Conn, host string, conf *tls.Config, m Message) error {
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	defer c.Close()
	if ok, _ := c.Extension("STARTTLS"); ok {
		if err := c.StartTLS(conf); err != nil {
			return err
		}
	}
	if l.Login.Password != "" {
		// PlainAuth refuses to speak without TLS, but to this machine.
		if err := c.Auth(smtp.PlainAuth("", l.Login.User, l.Login.Password, host)); err != nil {
			return err
		}
	}
	if err := c.Mail(l.From); err != nil {
		return err
	}
	if err := c.Rcpt(l.To); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(l.compose(m)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // it is taken: what comes after is no matter
	return nil
}

// compose writes the mail (RFC 5322).
func (l Letter) compose(m Message) []byte {
	domain := "localhost"
	if _, d, ok := strings.Cut(l.From, "@"); ok {
		domain = d
	}
	line := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	from := mail.Address{Name: line(m.Site), Address: l.From}
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", from.String()}, {"To", l.To}, {"Subject", mime.QEncoding.Encode("utf-8", line(m.Site+": "+m.Subject))},
		{"Date", m.At.Format(time.RFC1123Z)}, {"Message-ID", "<" + m.ID + "@" + domain + ">"}, {"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	text := m.Text
	if m.URL != "" {
		text += "\n" + m.URL + "\n"
	}
	_, _ = q.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))) // into memory
	_ = q.Close()
	return b.Bytes()
}
