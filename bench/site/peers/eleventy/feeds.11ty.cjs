const { esc } = require("./frame.cjs");

const item = (p) => `<item><title>${esc(p.title)}</title><link>${esc(p.link)}</link><pubDate>${p.at.toUTCString()}</pubDate><guid>https://news.example.org/posts/${p.id}/</guid><description>${esc(p.content || p.intro)}</description></item>
`;

module.exports = class {
  data() {
    return { pagination: { data: "planet.lists", size: 1, alias: "list", addAllPagesToCollections: false }, eleventyExcludeFromCollections: true, permalink: (d) => `${d.list.path}index.xml` };
  }
  render({ list }) {
    return `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>${esc(list.title)}</title><link>https://news.example.org${list.path}</link><description>An invented planet.</description>
${list.posts.slice(0, 50).map(item).join("")}</channel></rss>
`;
  }
};
