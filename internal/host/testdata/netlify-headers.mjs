// Asks Netlify's reader of _headers, for TestHeadersAsNetlify: one line of JSON
// in ({text, paths}), one line of JSON out (the headers of each path).
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const { parseAllHeaders } = await import(pathToFileURL(process.env.NETLIFY_REDIRECTOR + '/node_modules/@netlify/headers-parser/lib/index.js'))
const file = join(mkdtempSync(join(tmpdir(), 'headers-')), '_headers')
for await (const line of createInterface({ input: process.stdin })) {
  const { text, paths } = JSON.parse(line)
  writeFileSync(file, text)
  const { headers } = await parseAllHeaders({ headersFiles: [file], minimal: false, configHeaders: [] })
  const out = paths.map((path) => {
    const all = {}
    for (const { forRegExp, values } of headers) {
      if (forRegExp.test(path)) for (const [k, v] of Object.entries(values)) all[k.toLowerCase()] = v
    }
    return all
  })
  process.stdout.write(JSON.stringify(out) + '\n')
}
