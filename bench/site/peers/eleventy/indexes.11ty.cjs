const { esc, frame } = require("./frame.cjs");

module.exports = class {
  data() {
    return { pagination: { data: "planet.indexes", size: 1, alias: "index", addAllPagesToCollections: false }, eleventyExcludeFromCollections: true, permalink: (d) => d.index.path };
  }
  render({ index }) {
    return frame({ title: index.title, url: index.path, main: `<div class="wrap"><h1>${index.title}</h1>
<ul class="names">${index.terms.map((t) => `<li><a href="${t.path}">${esc(t.title)}</a> ${t.posts.length}</li>\n`).join("")}</ul></div>` });
  }
};
