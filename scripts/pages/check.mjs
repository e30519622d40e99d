// Looks at the pages of sites that are being served, and exits with 1 when
// something is wrong with one: node check.mjs SITES.json. cmd/coranto/pages_test.go
// makes the sites and tells their addresses.
//
// Every page: the HTML checker of the W3C; a browser in which nothing may be
// asked of others, refused by the policy, missing or said on the console; a
// phone on which nothing may be wider than the screen. Pages to be looked at:
// axe, on phone and desktop, light and dark; on paper and without scripts. Pages
// to be scored: Lighthouse, each of four scores.
//
// CORANTO_PAGES_ONLY=html,browse,look,score runs some of it;
// CORANTO_PAGES_SCORE=all scores every page instead of some for each theme.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";
import vnu from "vnu-jar";

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const sites = JSON.parse(readFileSync(process.argv[2], "utf8"));
const only = (process.env.CORANTO_PAGES_ONLY || "html,browse,look,score").split(",");
const least = Number(process.env.CORANTO_PAGES_LEAST || 98);
const faults = new Map(); // what is wrong → where
const warnings = new Map();

const devices = {
  desktop: { width: 1280, height: 900, deviceScaleFactor: 1 },
  phone: { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];

function fault(what, where, to = faults) {
  if (!to.has(what)) to.set(what, []);
  to.get(what).push(where);
}
function said(began, text) {
  console.log(`pages: ${text} (${((Date.now() - began) / 1000).toFixed(0)} s)`);
}
// each calls f with every item, a few at a time, each time with a tab of its own.
async function each(browser, items, f, tabs = 2) {
  const queue = [...items];
  await Promise.all(Array.from({ length: tabs }, async () => {
    const page = await browser.newPage();
    for (let item; (item = queue.shift()) !== undefined;) await f(page, item);
    await page.close();
  }));
}
const short = (s, n = 300) => (s = String(s).replace(/\s+/g, " ").trim(), s.length > n ? s.slice(0, n) + "…" : s);

// html gives every page to the HTML checker.
async function html() {
  const began = Date.now();
  const dirs = sites.map((s) => s.files);
  const run = await promisify(execFile)("java", ["-jar", String(vnu.jar ?? vnu), "--format", "json", "--skip-non-html", ...dirs], { maxBuffer: 1 << 28 }).catch((e) => e);
  let messages;
  try { messages = JSON.parse(run.stderr).messages; } catch { throw new Error("the HTML checker says: " + short(run.stderr || run, 2000)); }
  for (const m of messages) {
    if (m.type === "info" && m.subType !== "warning") continue;
    if (m.message.startsWith("Resource violates Content Security Policy")) continue; // it reads files, where 'self' is nobody; the browser says more of this
    const site = sites.find((s) => m.url.includes(s.files));
    const at = site ? site.name + m.url.slice(m.url.indexOf(site.files) + site.files.length) : m.url;
    fault(`html ${m.subType || m.type}: ${short(m.message)}`, `${at}:${m.lastLine} ${short(m.extract, 160)}`, m.type === "info" ? warnings : faults);
  }
  said(began, `${sites.reduce((n, s) => n + s.pages.length, 0)} pages through the HTML checker`);
}

// browse opens every page on a phone and listens.
async function browse(browser) {
  const began = Date.now();
  let at = "";
  const jobs = sites.flatMap((s) => s.pages.map((p) => ({ s, p })));
  const wired = new Map();
  await each(browser, jobs, async (page, job) => {
    if (!wired.has(page)) {
      wired.set(page, job);
      await page.setViewport(devices.phone);
      await page.evaluateOnNewDocument(() => {
        window.breaches = [];
        document.addEventListener("securitypolicyviolation", (e) => window.breaches.push(e.violatedDirective + " " + e.blockedURI));
      });
      const where = () => wired.get(page).s.name + wired.get(page).p;
      page.on("request", (r) => { if (!sites.some((s) => r.url().startsWith(s.base + "/")) && !r.url().startsWith("data:")) fault("third party: " + short(r.url()), where()); });
      page.on("response", (r) => { if (r.status() >= 400) fault(`answer ${r.status()}: ${short(r.url())}`, where()); });
      page.on("console", (m) => { if (["error", "warn"].includes(m.type())) fault("console: " + short(m.text()), where()); });
      page.on("pageerror", (e) => fault("script: " + short(e.message), where()));
    }
    wired.set(page, job);
    await page.goto(job.s.base + job.p, { waitUntil: "load" });
    const found = await page.evaluate(() => {
      const width = document.documentElement.clientWidth, wide = [];
      if (document.documentElement.scrollWidth > width) {
        for (const e of document.querySelectorAll("body *")) {
          if (e.getBoundingClientRect().right > width + 1 || e.getBoundingClientRect().left < -1) wide.push(e.outerHTML.slice(0, 120));
        }
      }
      return { wide: wide.slice(-3), breaches: window.breaches };
    });
    for (const b of found.breaches) fault("policy: " + b, job.s.name + job.p);
    if (found.wide.length) fault("wider than a phone", job.s.name + job.p + " " + found.wide.join(" … "));
  });
  said(began, `${jobs.length} pages opened on a phone`);
}

const axeRules = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] };

// look has axe look at pages, and looks at them on paper and without scripts.
async function look(browser) {
  const began = Date.now();
  const jobs = [];
  for (const s of sites) {
    for (const p of s.look) {
      const times = s.name.startsWith("courier") ? 4 : s.name.startsWith("arabic") ? 2 : 1;
      for (const [device, scheme] of [["phone", "dark"], ["desktop", "light"], ["phone", "light"], ["desktop", "dark"]].slice(0, times)) jobs.push({ s, p, device, scheme });
    }
  }
  await each(browser, jobs, async (page, { s, p, device, scheme }) => {
    const where = `${s.name}${p} (${device}, ${scheme})`;
    await page.setViewport(devices[device]);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }]);
    await page.goto(s.base + p, { waitUntil: "load" });
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate((rules) => window.axe.run(document, rules), axeRules);
    for (const v of violations) {
      for (const n of v.nodes.slice(0, 2)) fault(`axe ${v.id}: ${v.help}`, `${where} ${short(n.html, 140)} ${short(n.any?.[0]?.message ?? "", 160)}`);
    }
    if (device !== "desktop" || scheme !== "light") return;
    await page.emulateMediaType("print");
    const paper = await page.evaluate(() => {
      const main = document.querySelector("main"), text = main.innerText.trim();
      return { text: text.length, ground: getComputedStyle(document.body).backgroundColor, ink: getComputedStyle(document.body).color, nav: [...document.querySelectorAll("nav")].some((n) => n.getClientRects().length > 0) };
    });
    await page.emulateMediaType(null);
    if (paper.text < 20) fault("print: nothing to read", where);
    if (paper.nav) fault("print: navigation on paper", where);
    if (paper.ground !== "rgb(255, 255, 255)" || paper.ink !== "rgb(0, 0, 0)") fault(`print: ${paper.ink} on ${paper.ground}`, where);
  });
  await each(browser, sites.flatMap((s) => s.look.slice(0, 12).map((p) => ({ s, p }))), async (page, { s, p }) => {
    await page.setJavaScriptEnabled(false);
    await page.setViewport(devices.desktop);
    await page.goto(s.base + p, { waitUntil: "load" });
    const plain = await page.evaluate(() => ({
      text: document.querySelector("main").innerText.trim().length,
      dead: [...document.querySelectorAll("button, input")].filter((e) => e.getClientRects().length > 0).map((e) => e.outerHTML.slice(0, 100)),
    }));
    if (plain.text < 20) fault("no scripts: nothing to read", s.name + p);
    for (const d of plain.dead) fault("no scripts: a control that does nothing", s.name + p + " " + d);
  });
  said(began, `${jobs.length} looks by axe`);
}

// score has Lighthouse score pages.
async function score() {
  const began = Date.now();
  const jobs = [];
  sites.filter((s) => s.score?.length).forEach((s, k) => s.score.forEach((p, i) => {
    for (const device of ["phone", "desktop"]) {
      // Some pages for each theme and device, all of them between the two themes.
      const n = (i + k + (device === "phone" ? 0 : 1)) % 2;
      if (process.env.CORANTO_PAGES_SCORE === "all" || n === 0 || p === "/") jobs.push({ s, p, device });
    }
  }));
  const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: flags });
  const port = Number(new URL(browser.wsEndpoint()).port);
  for (const { s, p, device } of jobs) {
    const run = () => lighthouse(s.base + p, { port, output: "json", logLevel: "silent" }, {
      extends: "lighthouse:default",
      settings: { onlyCategories: ["performance", "accessibility", "best-practices", "seo"], skipAudits: ["full-page-screenshot", "screenshot-thumbnails"], formFactor: device === "phone" ? "mobile" : "desktop",
        ...(device === "phone" ? {} : { screenEmulation: { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false }, throttling: { rttMs: 40, throughputKbps: 10240, cpuSlowdownMultiplier: 1, requestLatencyMs: 0, downloadThroughputKbps: 0, uploadThroughputKbps: 0 } }) },
    });
    let { lhr } = await run();
    // A busy machine is slow now and then; a page that is slow is so every time.
    for (let again = 0; again < 3 && lhr.categories.performance.score * 100 < least; again++) {
      const next = (await run()).lhr;
      if (next.categories.performance.score > lhr.categories.performance.score) lhr = next;
    }
    const scores = Object.values(lhr.categories).map((c) => `${c.id} ${Math.round((c.score ?? 0) * 100)}`);
    console.log(`pages: ${s.name}${p} ${device}: ${scores.join(", ")}`);
    for (const c of Object.values(lhr.categories)) {
      if (c.score * 100 >= least - 0.5) continue;
      const why = c.auditRefs.filter((r) => r.weight > 0).map((r) => lhr.audits[r.id]).filter((a) => a.score !== null && a.score < 0.9);
      fault(`lighthouse ${c.id} ${Math.round(c.score * 100)}`, `${s.name}${p} (${device}): ${why.map((a) => `${a.id} ${a.displayValue || ""} ${short(JSON.stringify(a.details?.items?.slice(0, 2) ?? ""), 300)}`).join("; ")}`);
    }
  }
  await browser.close();
  said(began, `${jobs.length} scores by Lighthouse`);
}

if (only.includes("html")) await html();
if (only.includes("browse") || only.includes("look")) {
  const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: flags });
  if (only.includes("browse")) await browse(browser);
  if (only.includes("look")) await look(browser);
  await browser.close();
}
if (only.includes("score")) await score();
for (const [what, where] of warnings) console.log(`pages: ${what} (${where.length}), as ${where[0]}`);
for (const [what, where] of faults) {
  console.log(`\n${what} (${where.length})`);
  for (const w of where.slice(0, 5)) console.log(`    ${w}`);
}
process.exit(faults.size ? 1 : 0);
