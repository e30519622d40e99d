package app

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/coranto/coranto/asl"
	"github.com/coranto/coranto/internal/config"
	"github.com/coranto/coranto/internal/content"
	"github.com/coranto/coranto/internal/feed"
	"github.com/coranto/coranto/internal/opml"
	"github.com/coranto/coranto/internal/pipeline"
	"github.com/coranto/coranto/internal/planets"
	"github.com/coranto/coranto/internal/release"
	"github.com/coranto/coranto/internal/secret"
)

// Hint is the way out of an error, "" where none is known.
func Hint(err error) string {
	if strings.Contains(err.Error(), "bad config line") {
		return "mend the line of the file that git names"
	}
	if w, ok := errors.AsType[*WorkflowError](err); ok {
		return hints[w.Name]
	}
	if n, ok := errors.AsType[*feed.NotFeedError](err); ok && len(n.Candidates) > 0 {
		return "the page links to " + n.Candidates[0].URL
	}
	if h := editHint(err); h != "" {
		return h
	}
	if h := deployHint(err); h != "" {
		return h
	}
	switch {
	case errors.Is(err, secret.ErrName):
		return "such as git.example.org or smtp"
	case errors.Is(err, secret.ErrNoKey), errors.Is(err, secret.ErrWrongKey):
		return "bring the key from the machine where it was set, or set the secret anew: coranto secret set NAME"
	case errors.Is(err, secret.ErrDamaged):
		return "put back a copy of the file; a secret can be set anew once the damaged file is moved away"
	case errors.Is(err, asl.ErrInvalid):
		return "`coranto workflow validate NAME` names what is wrong, and where"
	case errors.Is(err, opml.ErrNotOPML), errors.Is(err, planets.ErrUnknown):
		return "OPML, planet.ini, the YAML of osmosfeed, Pluto or ocaml.org, and one address a line are understood; `coranto add URL` finds the feed of a page"
	case errors.Is(err, fs.ErrPermission):
		return "look at owner and rights: `ls -ld` of the path above; every file of a site belongs to the user who runs coranto"
	case errors.Is(err, ErrKnown), errors.Is(err, config.ErrKnown):
		return "`coranto source show ID` tells how it stands; `coranto source resume ID` asks a paused one again"
	case errors.Is(err, ErrNoRemote):
		return "set remote: in coranto.yaml to the repository that pull requests are made in"
	case errors.Is(err, ErrNoWorkflow):
		return "`coranto workflow list` shows them; a file workflows/NAME.asl.json is one of your own"
	case errors.Is(err, ErrNoSite):
		return "`coranto init DIR` makes one; -C DIR works on another directory"
	case errors.Is(err, ErrLocked):
		return "a running `coranto serve` runs by itself; `coranto status` works beside it"
	case errors.Is(err, feed.ErrNotFeed):
		return "open the site in a browser and look for a link called RSS, Atom or Feed; add that address"
	case errors.Is(err, release.ErrNone):
		return "`coranto run` makes the first release"
	case errors.Is(err, ErrNoSource):
		return "`coranto source list` lists them"
	case errors.Is(err, ErrNotApart):
		return "name a directory of its own, such as public"
	case errors.Is(err, release.ErrNoEarlier):
		return "`coranto releases` lists those that are; `git revert` undoes a commit, and the next run builds the site of that"
	case errors.Is(err, release.ErrNotFound), errors.Is(err, release.ErrAmbiguous):
		return "`coranto releases` lists them"
	case errors.Is(err, content.ErrEdited):
		return "commit or discard your edits of the file, then try again"
	}
	name := pipeline.KindOf(err).Name
	if name == "Fetch.TLS" {
		return tlsHint(err.Error())
	}
	if name == "Fetch.Temporary" && strings.Contains(err.Error(), "no connection") {
		return "is the address right, and the server running? If so, try again later"
	}
	if name == "Egress.Denied" && !strings.Contains(err.Error(), "public network") {
		return deniedHint(err.Error())
	}
	return hints[name]
}

// tlsHint is the way out by what is wrong with the connection.
func tlsHint(text string) string {
	switch {
	case strings.Contains(text, "signed by nobody"):
		return "its owner has to get a certificate that browsers trust, and send the whole chain; for a CA of your own: zones: {NAME: {ca: FILE}}"
	case strings.Contains(text, "does not speak TLS"):
		return "try the address with http:// in place of https://"
	case strings.Contains(text, "another host name"):
		return "check the host name (with or without www.?); else its owner has to mend the certificate"
	case strings.Contains(text, "expired"):
		return "its owner has to renew the certificate; if browsers take it, the clock here is wrong: coranto doctor"
	}
	return hints["Fetch.TLS"]
}

// deniedHint is the way out where the reason is another than a private address.
func deniedHint(text string) string {
	switch {
	case strings.Contains(text, "is not configured"):
		return "`coranto zones list` shows those that are; a new one has to be trusted: coranto trust"
	case strings.Contains(text, "is not in zone"):
		return "add its network to allow: of the zone in coranto.yaml, or name another zone; then coranto trust"
	case strings.Contains(text, "ports of zone"):
		return "add the port to ports: of the zone in coranto.yaml, or name another zone; then coranto trust"
	}
	return ""
}

// hints are ways out by the name of the failure.
var hints = map[string]string{
	"Content.Busy":          "finish or abort the merge or rebase (`git status` says which), or check out the branch, then `coranto run`",
	"Content.Damaged":       "mend the file, or take the last good one: `git log -- FILE`, `git checkout COMMIT -- FILE`",
	"Content.Conflict":      "somebody commits to the branch without pause; `coranto run` tries again",
	"Content.Diverged":      "`git pull` and settle the conflict, then `coranto run`",
	"Content.NotRepository": "`git init` there, or `coranto init DIR` for a new site",
	"Remote.Auth":           "`coranto secret set HOST` stores user:password or a token for the remote's host",
	"Remote.Refused":        "the branch may be protected: give Coranto's user the right to push, or set another `branch:`",
	"Remote.Unreachable":    "nothing is lost: the next run tries again; should it stay so, look whether the address in coranto.yaml is right",
	"Git.Damaged":           "`git fsck --full` names all of it. A broken index: rm .git/index && git reset -q. Missing objects: bring .git back from a backup, or clone the remote beside and move its .git here. The live site stays, and so do your files",
	"Git.Missing":           "install git 2.32 or newer, and see that it is in PATH",
	"Disk.Full":             "make space; the site that was live stays live, and the next run goes on",
	"Site.Theme":            "mend the template named above; the old release stays live meanwhile",
	"Site.Guard":            "look at what would go with `git diff`; if it is right: coranto build --force",
	"Egress.Denied":         "to reach private addresses define a zone in coranto.yaml and run `coranto trust`",
	"Coranto.Untrusted":     "`coranto trust` shows what it is and lets it run, on this machine, until it changes",
	"Coranto.NoTask":        "`coranto workflow validate` names the Resources that nobody answers to",
	"Task.Unknown":          "add it under `tasks:` in coranto.yaml, then `coranto trust`",
	"Task.Secret":           "`coranto secret set NAME` stores it",
	"Task.CannotStart":      "the command of a task runs in the site directory: is it there, and executable?",
	"Task.Timeout":          "give the task a longer `timeout:` in coranto.yaml",
	"Page.Robots":           "ask its owner; for a site of your own: `robots: ignore` at the source",
	"Listing.Empty":         "open the page and see what its entries look like now, then try selectors: coranto source test URL --item …",
	"Fetch.Temporary":       "try again later: the server says that it cannot answer now",
	"Fetch.Held":            "try again once that time has come; runs wait by themselves",
	"Fetch.Forbidden":       "open the address in a browser: it may ask for a login, or refuse programs; ask its owner, who knows you by fetch.identity",
	"Fetch.Status":          "open the address in a browser: is it right?",
	"Fetch.Redirects":       "open the address in a browser, and add the one where it ends",
	"Fetch.Body":            "the server sends what it does not announce; its owner has to mend that",
	"Fetch.DNS":             "check the spelling of the host name",
	"Fetch.TLS":             "the server's certificate is wrong or has expired; its owner has to mend that",
	"State.Damaged":         "`coranto run` sets it aside and begins anew: all that matters is in git, every source is asked once, and no post is lost or doubled",
	"State.Older":           "`coranto run` brings it up to date",
	"State.Busy":            "another program has .coranto/state.db open for writing: wait, or end it",
	"Disk.Failed":           "look at the disk (`dmesg` names it); all that matters is in git, so `.coranto/` can move elsewhere",
	"Run.NotFound":          "`coranto runs` lists them; \"last\" is the newest",
	"Release.Damaged":       "`coranto build` makes the site anew; if that does not help, move .coranto/releases away first",
	"Export.Foreign":        "export to a folder of its own: what is there was not written by Coranto",
	"Secret.NotFound":       "`coranto secret list` shows their names",
	"Release.Locked":        "wait until it has ended, then try again",
	"Source.Filter":         "mend include: or exclude: of the source in coranto.yaml; `coranto source test ID` tries it",
	"Source.TooMany":        "choose with include: {url: …}, or set a limit: at the source",
	"Source.Recipe":         "mend the selector (docs/sources.md says what they look like); `coranto source test` tries it before anything is written",
	"Source.Parked":         "`coranto source retire ID` keeps its posts and stops asking",
	"Source.Identity":       "`coranto source show ID` tells what answers; if it is right: `coranto source accept ID`",
	"Content.Edited":        "commit or discard your edits of the file, then try again",
	"Content.Moderation":    "mend moderation.yaml at the line that is named; what was decided before stays as it is meanwhile",
	"Coranto.Input":         "`coranto runs show RUN` shows what the state got; check Parameters and ResultPath before it",
	"Coranto.Panic":         "this is an error of Coranto's: please report it with the text above",
	"Coranto.Output":        "`coranto runs show RUN` shows which task it was",
	"Coranto.Journal":       "start it anew: `coranto run`; nothing that was committed is lost or doubled",
	"Coranto.Revision":      "start it anew: `coranto run`; nothing that was committed is lost or doubled",
	"Coranto.NoWorker":      "start it anew: `coranto run`",
	"Coranto.Deadline":      "the server is slow: set a longer `timeout:` under `fetch:`, or try again later",
	"Task.Lost":             "the machine may be short of memory; `coranto runs show RUN` shows the attempts",
	"Task.Output":           "a task's command prints one JSON document on stdout; its talk belongs on stderr",
	"Task.OutputTooLarge":   "let the command write large data to a file and print where it is",
	"Fetch.Timeout":         "the server is slow: set a longer `timeout:` under `fetch:`, or try again later",
	"Fetch.Gone":            "`coranto source retire ID` keeps its posts and stops asking",
	"Fetch.NotFound":        "open the address in a browser: the feed may have moved",
	"Egress.Scheme":         "give an address that begins with https:// or http://",
	"State.Newer":           "use the newer coranto, or move .coranto/ away: no post is lost by that",
}

// ExitCode is what the commands end with after an error.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return pipeline.ExitOK
	case errors.Is(err, ErrLocked):
		return pipeline.ExitLocked
	case isConfig(err):
		return pipeline.ExitConfig
	}
	if w, ok := errors.AsType[*WorkflowError](err); ok {
		return pipeline.KindNamed(w.Name).Exit
	}
	if code := pipeline.KindOf(err).Exit; code != pipeline.ExitSources {
		return code
	}
	return pipeline.ExitError // one source named on the command line, not some of many
}

func isConfig(err error) bool {
	if _, ok := errors.AsType[*notValid](err); ok {
		return true
	}
	_, ok := errors.AsType[*config.Error](err)
	return ok
}
