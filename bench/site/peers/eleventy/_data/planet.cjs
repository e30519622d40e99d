// The posts of every shard, newest first, and the lists that are made of them.
const fs = require("node:fs"), path = require("node:path");
const PER = 20;

const slug = (s) => s.toLowerCase().replace(/[^a-z0-9]+/g, "-");

function shards(dir) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    const at = path.join(dir, e.name);
    return e.isDirectory() ? shards(at) : e.name.endsWith(".json") ? [at] : [];
  });
}

function pagesOf(list) {
  const total = Math.max(1, Math.ceil(list.posts.length / PER)), pages = [];
  for (let n = 1; n <= total; n++) {
    pages.push({ list, n, total, posts: list.posts.slice((n - 1) * PER, n * PER), url: n === 1 ? list.path : `${list.path}page/${n}/` });
  }
  return pages;
}

module.exports = function () {
  const posts = shards(process.env.POSTS).flatMap((f) => JSON.parse(fs.readFileSync(f, "utf8")));
  for (const p of posts) {
    p.at = new Date(p.published);
    p.day = p.published.slice(0, 10);
  }
  posts.sort((a, b) => b.at - a.at);
  const kinds = [
    { path: "/tags/", title: "Tags", of: (p) => p.tags },
    { path: "/authors/", title: "Authors", of: (p) => [p.author] },
    { path: "/sources/", title: "Sources", of: (p) => [p.source] },
    { path: "/archive/", title: "Archive", of: (p) => [p.published.slice(0, 7)] },
  ];
  const home = { path: "/", title: "Bench", posts };
  const lists = [home], indexes = [];
  for (const k of kinds) {
    const by = new Map();
    for (const p of posts) {
      for (const name of k.of(p)) {
        if (!by.has(name)) by.set(name, { path: `${k.path}${slug(name)}/`, title: name, posts: [] });
        by.get(name).posts.push(p);
      }
    }
    const terms = [...by.values()].sort((a, b) => (a.title < b.title ? -1 : 1));
    indexes.push({ path: k.path, title: k.title, terms });
    lists.push(...terms);
  }
  const pages = lists.flatMap(pagesOf);
  return { posts, indexes, lists, pages, slug };
};
