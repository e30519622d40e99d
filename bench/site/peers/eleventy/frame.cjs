const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
const esc = (s) => String(s).replace(/[&<>"']/g, (c) => signs[c]);
const slug = (s) => s.toLowerCase().replace(/[^a-z0-9]+/g, "-");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const when = (p) => `<time datetime="${p.day}">${months[p.at.getUTCMonth()]} ${p.at.getUTCDate()}, ${p.at.getUTCFullYear()}</time>`;
const tags = (p) => `<ul class="chips">${p.tags.map((t) => `<li><a href="/tags/${slug(t)}/" dir="auto">#${esc(t)}</a></li>`).join("")}</ul>`;

function frame({ title, about = "An invented planet.", url, canonical, article, feed, main }) {
  const self = "https://news.example.org" + url;
  return `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'">
<meta name="referrer" content="strict-origin-when-cross-origin">
<title>${esc(title)} · Bench</title>
<meta name="description" content="${esc(about)}">
<link rel="canonical" href="${esc(canonical || self)}">
<meta property="og:title" content="${esc(title)}">
<meta property="og:type" content="${article ? "article" : "website"}">
<meta property="og:url" content="${self}">
<meta property="og:description" content="${esc(about)}">
${feed ? `<link rel="alternate" type="application/rss+xml" title="Bench" href="${feed}">` : ""}
<meta property="og:site_name" content="Bench">
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/assets/site.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="masthead">
<div class="wrap">
<p class="brand"><a href="/">Bench</a></p>
<nav class="nav" aria-label="Sections">
<ul>
<li><a href="/tags/">Tags</a></li>
<li><a href="/authors/">Authors</a></li>
<li><a href="/sources/">Sources</a></li>
<li><a href="/archive/">Archive</a></li>
</ul>
</nav>
</div>
</header>
<main id="main" tabindex="-1">
${main}
</main>
<footer class="foot"><div class="wrap"><p>An invented planet.</p></div></footer>
</body>
</html>
`;
}

module.exports = { esc, slug, when, tags, frame };
