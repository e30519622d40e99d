// Fills in how the sources are, from /status.json:
// {"checked": time, "fresh": bool, "sources": {ID: {"state": "ok" | "failing" |
// "held" | "gone" | "new" | …, "error": name}}}. Without it the page is whole.
(function () {
  "use strict";
  var line = document.querySelector("[data-status]");
  if (!line || !window.fetch) return;
  fetch(line.dataset.status, { headers: { Accept: "application/json" } }).then(function (r) {
    if (!r.ok) throw new Error(r.status);
    return r.json();
  }).then(function (status) {
    var sources = status.sources || {};
    document.querySelectorAll("[data-source]").forEach(function (badge) {
      var s = Object.prototype.hasOwnProperty.call(sources, badge.dataset.source) && sources[badge.dataset.source];
      if (!s || !s.state) return;
      badge.textContent = line.dataset[s.state] || s.state;
      badge.classList.add("state-" + String(s.state).replace(/[^a-z]/g, ""));
      if (s.error) badge.title = s.error;
      badge.hidden = false;
    });
    var at = new Date(status.checked);
    if (isNaN(at)) return;
    line.textContent = (status.fresh === false ? line.dataset.stale : line.dataset.checked) + " " +
      at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    line.classList.toggle("is-stale", status.fresh === false);
  }).catch(function () { /* a plain export has no status */ });
})();
