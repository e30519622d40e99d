const { esc, slug, when, tags, frame } = require("./frame.cjs");

const card = (p) => `<article class="card">
<div class="card-body">
<p class="card-meta"><a href="/sources/${p.source}/">${p.source}</a>${when(p)}</p>
<h2 class="card-title" dir="auto"><a href="/posts/${p.id}/">${esc(p.title)}</a></h2>
<p class="card-intro" dir="auto">${esc(p.intro)}</p>
<p class="card-by">By <a href="/authors/${slug(p.author)}/">${esc(p.author)}</a></p>
${tags(p)}
</div>
</article>
`;
const at = (list, n) => (n === 1 ? list.path : `${list.path}page/${n}/`);

module.exports = class {
  data() {
    return { pagination: { data: "planet.pages", size: 1, alias: "part", addAllPagesToCollections: false }, eleventyExcludeFromCollections: true, permalink: (d) => d.part.url };
  }
  render({ part: { list, n, total, posts, url } }) {
    const pager = total === 1 ? "" : `<nav class="pager" aria-label="Pages">${n > 1 ? `<a rel="prev" href="${at(list, n - 1)}">Newer</a>` : ""}<span>Page ${n} of ${total}</span>${n < total ? `<a rel="next" href="${at(list, n + 1)}">Older</a>` : ""}</nav>`;
    return frame({ title: list.title, url, feed: `${list.path}index.xml`, main: `<div class="wrap"><h1 dir="auto">${esc(list.title)}</h1>
<div class="cards">
${posts.map(card).join("")}</div>
${pager}</div>` });
  }
};
