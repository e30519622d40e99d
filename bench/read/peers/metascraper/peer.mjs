// Reads a page as often as it is told to, and says what CPU time that took.
// Standard input: one line {"url", "html"}, then lines {"micros"}: for how long.
// Standard output, for each: {"micros", "runs"}, of all threads of the process.
import createMetascraper from 'metascraper'
import author from 'metascraper-author'
import date from 'metascraper-date'
import description from 'metascraper-description'
import image from 'metascraper-image'
import lang from 'metascraper-lang'
import logo from 'metascraper-logo'
import publisher from 'metascraper-publisher'
import title from 'metascraper-title'
import url from 'metascraper-url'
import { createInterface } from 'node:readline'

const metascraper = createMetascraper([author(), date(), description(), image(), lang(), logo(), publisher(), title(), url()])
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const page = JSON.parse((await lines.next()).value)
for (let i = 0; i < 60; i++) await metascraper(page) // until the compiler is warm
for (;;) {
  const { value, done } = await lines.next()
  if (done) break
  const { micros } = JSON.parse(value)
  const began = process.cpuUsage()
  let runs = 0, spent = 0, found
  while (runs === 0 || spent < micros) {
    found = await metascraper(page)
    runs++
    const now = process.cpuUsage(began)
    spent = now.user + now.system
  }
  console.log(JSON.stringify({ micros: spent, runs, title: found.title }))
}
