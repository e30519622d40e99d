// The search: reads the index that lies beside the pages, a bucket of words at
// a time, the newest segment first. How it is cut and written is told in
// search/index.txt; words are folded as the index folds them.
(function () {
  "use strict";
  var box = document.querySelector("[data-search]");
  if (!box || !window.fetch || !String.prototype.normalize) return;
  var input = box.querySelector("input"), list = box.querySelector("ol"), status = box.querySelector("[role=status]"), more = box.querySelector("button");
  var root = box.dataset.search, say = box.dataset, files = new Map(), turn = 0, step = 10, tail = "search/index.txt";
  var special = { "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ـ": "" };
  var unparted = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

  // words are those of what is typed; the last, unless something follows it, is the beginning of one.
  function words(text, most) {
    var out = [], word = "", before = "", paired = false;
    function flush() { if (word) out.push({ text: Array.from(word).slice(0, most).join("") }); word = ""; }
    function single() { if (before && !paired) out.push({ text: before }); before = ""; paired = false; }
    Array.from(text.normalize("NFKD").replace(/\p{M}/gu, "")).forEach(function (c) {
      if (c.codePointAt(0) >= 0xe00 && unparted.test(c)) {
        flush();
        paired = !!before;
        if (before) out.push({ text: before + c });
        before = c;
        return;
      }
      single();
      c = c.toLowerCase();
      if (c in special) word += special[c];
      else if (/[\p{L}\p{Nd}]/u.test(c)) word += c;
      else flush();
    });
    single();
    if (word) { flush(); out[out.length - 1].open = true; }
    return out;
  }
  function bucket(word, of, letters) {
    var h = 2166136261;
    Array.from(word).slice(0, letters).forEach(function (c) { h = Math.imul(h ^ c.codePointAt(0), 16777619) >>> 0; });
    return h % of;
  }
  function get(path, json) {
    if (!files.has(path)) {
      files.set(path, fetch(root + path).then(function (r) {
        if (!r.ok) throw new Error(path + ": " + r.status);
        return json ? r.json() : r.text();
      }).catch(function (e) { files.delete(path); throw e; }));
    }
    return files.get(path);
  }
  // segments lists the segments, newest first.
  function segments(ix) {
    var out = [], at = 0, size = ix.first * Math.pow(ix.times, ix.sizes - 1);
    for (; size >= ix.first; size /= ix.times) {
      for (; ix.slots - at >= size; at += size) out.unshift({ to: at + size, buckets: Math.max(1, Math.floor(size / ix.each)), letters: size < ix.deep ? 3 : 5, dir: "search/" + size + "/" + (at / size + 1) + "/" });
    }
    out.unshift({ to: ix.slots, buckets: 1 });
    return out;
  }
  // find returns the slots of one word in a bucket: slot → points.
  function find(text, word, segment) {
    var found = new Map(), letters = Array.from(word.text).length, open = word.open && letters > 2, lines = text.split("\n");
    // Where the bucket is told by more letters than are typed, one line has all that begin so.
    var key = word.text + (open ? "" : " "), short = open && segment.dir && letters < segment.letters;
    var low = 0, high = lines.length - 1; // the last line is empty
    while (low < high) { var mid = low + high >> 1; if (less(lines[mid], key)) low = mid + 1; else high = mid; }
    for (var i = low; i < lines.length && lines[i].startsWith(key); i++) {
      var gap = lines[i].indexOf(" "), whole = gap === word.text.length, at = segment.to - 1;
      if (short && !whole && lines[i][word.text.length] !== "*" || !short && lines[i][gap - 1] === "*") continue;
      lines[i].slice(gap + 1).split(".").forEach(function (n) {
        n = parseInt(n, 36);
        at -= n >> 1;
        found.set(at, Math.max(found.get(at) || 0, (n & 1 ? 4 : 1) * (whole ? 2 : 1)));
      });
    }
    return found;
  }
  // less compares as bytes of UTF-8 do, by code point.
  function less(a, b) {
    for (var i = 0; i < a.length && i < b.length; i++) {
      if (a[i] !== b[i]) return a.codePointAt(i) < b.codePointAt(i);
    }
    return a.length < b.length;
  }
  async function inSegment(segment, query) {
    var texts = await Promise.all(query.map(function (w) { return get(segment.dir ? segment.dir + bucket(w.text, segment.buckets, segment.letters) + ".txt" : tail).then(function (text) { return segment.dir ? text : text.slice(text.indexOf("\n") + 1); }); }));
    var all = null;
    query.forEach(function (w, i) {
      var found = find(texts[i], w, segment);
      if (!all) { all = found; return; }
      var both = new Map();
      all.forEach(function (points, slot) { if (found.has(slot)) both.set(slot, points + found.get(slot)); });
      all = both;
    });
    return Array.from(all).sort(function (a, b) { return b[1] - a[1] || b[0] - a[0]; });
  }
  async function search(want) {
    var mine = ++turn, ix, found = [], left;
    try {
      ix = JSON.parse((await get(tail)).split("\n", 1)[0]);
      var query = words(input.value, ix.word).slice(0, 8);
      show();
      if (!query.length) { render([], ""); return; }
      // The keeper's own pages, if there are any, come first.
      var pages = !ix.pages ? [] : await inSegment({ to: ix.pages, buckets: ix.page_buckets, letters: 3, dir: "search/pages/" }, query);
      if (mine !== turn) return;
      var own = !pages.length ? [] : (await get("search/pages/docs.json", true).then(function (d) {
        return pages.slice(0, 5).map(function (p) { var x = d[p[0]]; return { title: x[0], path: x[1], note: x[2], lang: x[3] }; });
      }));
      // Two segments at a time: the next is on its way while one is read.
      left = segments(ix);
      var next = inSegment(left.shift(), query);
      while (next && found.length <= want) {
        var part = next;
        next = left.length ? inSegment(left.shift(), query) : null;
        if (next) next.catch(function () { /* told below, if it is wanted */ });
        part = await part;
        if (mine !== turn) return;
        found = found.concat(part);
      }
      var shown = found.slice(0, want), docs = await Promise.all(shown.map(function (f) {
        return get("search/docs/" + Math.floor(f[0] / ix.docs) + ".json", true).then(function (d) {
          var x = d[f[0] % ix.docs];
          return x && { title: x[0], path: "posts/" + x[1] + "/", note: x[2], day: x[3], lang: x[4] };
        });
      }));
      if (mine !== turn) return;
      var full = found.length > want;
      var n = found.length + own.length;
      render(own.concat(docs.filter(Boolean)), full ? say.some : n ? say.found.replace("{n}", n.toLocaleString(document.documentElement.lang)) : say.none, full && want);
    } catch (e) {
      if (mine === turn) render([], say.failed);
    }
  }
  function show() {
    var url = new URL(location.href);
    if (input.value) url.searchParams.set("q", input.value); else url.searchParams.delete("q");
    history.replaceState(null, "", url);
  }
  function el(name, text, cls) {
    var e = document.createElement(name);
    if (text) e.textContent = text;
    if (cls) e.className = cls;
    return e;
  }
  function render(docs, text, full) {
    list.replaceChildren.apply(list, docs.map(function (d) {
      var li = el("li"), a = el("a", d.title), h = el("h2"), p = el("p", "", "found-meta");
      a.href = root + d.path;
      h.dir = "auto";
      if (d.lang) h.lang = d.lang;
      h.append(a);
      if (d.note) p.append(el("bdi", d.note));
      if (d.day) {
        var t = el("time", new Date(d.day + "T12:00:00Z").toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" }));
        t.dateTime = d.day;
        p.append(t);
      }
      li.append(h, p);
      return li;
    }));
    status.textContent = text;
    more.hidden = !full;
    more.dataset.want = full || "";
  }
  // Down and up walk through the results, Escape comes back and then clears.
  box.addEventListener("keydown", function (e) {
    var links = Array.from(list.querySelectorAll("a")), at = links.indexOf(document.activeElement);
    if (e.key === "ArrowDown" && links.length) { links[Math.min(at + 1, links.length - 1)].focus(); e.preventDefault(); }
    else if (e.key === "ArrowUp" && at >= 0) { (at ? links[at - 1] : input).focus(); e.preventDefault(); }
    else if (e.key === "Enter" && document.activeElement === input && links.length) { links[0].click(); e.preventDefault(); }
    else if (e.key === "Escape") {
      if (document.activeElement === input && input.value) { input.value = ""; search(step); }
      input.focus();
      e.preventDefault();
    }
  });
  var wait;
  input.addEventListener("input", function () { clearTimeout(wait); wait = setTimeout(search, 60, step); });
  input.addEventListener("focus", function () { get(tail).catch(function () {}); }, { once: true });
  more.addEventListener("click", function () {
    var at = list.children.length;
    search(Number(more.dataset.want) + 20).then(function () { if (list.children[at]) list.children[at].querySelector("a").focus(); });
  });
  input.value = input.value || new URLSearchParams(location.search).get("q") || "";
  input.focus();
  if (input.value) search(step);
})();
