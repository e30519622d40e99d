// Asks the matcher of Netlify, for TestRedirectsAsNetlify: one line of JSON in
// ({rules, requests}), one line of JSON out (a list of what each request gets).
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const redirector = createRequire(process.env.NETLIFY_REDIRECTOR + '/')('netlify-redirector')
for await (const line of createInterface({ input: process.stdin })) {
  const { rules, requests } = JSON.parse(line)
  const matcher = await redirector.parsePlain(rules, {})
  const out = requests.map((q) => {
    const m = matcher.match({
      scheme: q.scheme, host: q.host, path: q.path, query: q.query,
      getHeader: (name) => q.headers[name] ?? '', getCookie: (name) => q.cookies[name] ?? '',
    })
    if (m === null) return {}
    return m.force404 ? { barred: true } : { from: m.from, to: m.to, status: m.status, force: m.force }
  })
  matcher.delete?.()
  process.stdout.write(JSON.stringify(out) + '\n')
}
