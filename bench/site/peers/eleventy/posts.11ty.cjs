const { esc, slug, when, tags, frame } = require("./frame.cjs");

module.exports = class {
  data() {
    return { pagination: { data: "planet.posts", size: 1, alias: "post", addAllPagesToCollections: false }, eleventyExcludeFromCollections: true, permalink: (d) => `/posts/${d.post.id}/` };
  }
  render({ post: p }) {
    return frame({ title: p.title, about: p.intro, url: `/posts/${p.id}/`, canonical: p.link, article: true, main: `<article class="post wrap">
<header class="post-head">
<p class="kicker"><a href="/sources/${p.source}/">${p.source}</a>${when(p)}</p>
<h1 dir="auto">${esc(p.title)}</h1>
<p class="byline">By <a rel="author" href="/authors/${slug(p.author)}/">${esc(p.author)}</a></p>
</header>
<div class="prose" dir="auto">
${p.content || `<p>${esc(p.intro)}</p>`}
</div>
${tags(p)}
<p class="origin"><a href="${esc(p.link)}">${esc(p.link)}</a></p>
</article>` });
  }
};
