module.exports = class {
  data() {
    return { eleventyExcludeFromCollections: true, permalink: "/sitemap.xml" };
  }
  render({ planet }) {
    const url = (path, day) => `<url><loc>https://news.example.org${path}</loc>${day ? `<lastmod>${day}</lastmod>` : ""}</url>\n`;
    return `<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${planet.posts.map((p) => url(`/posts/${p.id}/`, p.day)).join("")}${planet.pages.map((p) => url(p.url)).join("")}${planet.indexes.map((i) => url(i.path)).join("")}</urlset>
`;
  }
};
