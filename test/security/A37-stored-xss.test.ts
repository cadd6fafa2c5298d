/** What builders and callers write never becomes markup in a page of ours (Appwrite CVE-2022-2925, NocoDB CVE-2026-28401). */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

const payloads = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'><svg onload=alert(1)>",
  '</title><script>alert(1)</script>',
  '</style></script><iframe srcdoc=x>',
  '<a href=javascript:alert(1)>x</a>',
  '&lt;b&gt;',
  '{{constructor.constructor(1)()}}',
  '<!--',
  ']]><x>',
]
const quoted = (text: string): string => JSON.stringify(text)
const documents = payloads
  .map(
    (payload, i) => `api_group ${quoted(`${payload} ${i}`)} {
  canonical = "page${i}"
  description = ${quoted(payload)}
  swagger = {active: true}
}
---
query ${quoted(`thing${i}`)} verb=POST {
  api_group = ${quoted(`${payload} ${i}`)}
  description = ${quoted(payload)}
  public = "Anyone may do this."
  input {
    text name?=${quoted(payload)} {
      description = ${quoted(payload)}
    }
  }
  stack {
  }
  response = $input.name
}`,
  )
  .join('\n---\n')

let server: TestServer
beforeAll(async () => {
  server = await createServer()
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents)
  expect([pushed.status, pushed.text.slice(0, 300)]).toEqual([200, expect.stringContaining('guid_map')])
}, 60_000)
afterAll(() => server.close())

const get = (url: string, headers: Record<string, string> = {}) => server.app.inject({ url, headers })
/** Tags of a page, with what stands in them. */
const tagsOf = (html: string): string[] => [...html.matchAll(/<[!/a-z][^>]*>/gi)].map(([tag]) => tag.replace(/(?:\/apispec:|\/api:)[^"]*/g, ''))
/** What runs in a page is ours, byte for byte. */
const scriptOf = (html: string): string => /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? ''

it('the page of a group has the same tags whatever its names and descriptions are, and may run its own script only', async () => {
  const pages = await Promise.all(payloads.map((_, i) => get(`/api:page${i}`)))
  const [plain] = pages.map((page) => tagsOf(page.body.replace(scriptOf(page.body), '')))
  expect(plain?.length).toBeGreaterThan(10)
  for (const [i, { statusCode, body, headers }] of pages.entries()) {
    expect([statusCode, String(headers['content-type'])]).toEqual([200, 'text/html; charset=utf-8'])
    const script = scriptOf(body)
    expect([payloads[i], tagsOf(body.replace(script, ''))]).toEqual([payloads[i], plain])
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`)
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/)
    // Text of definitions comes to the script as JSON, and it shows it as text.
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(/)
  }
})

it('descriptions and answers that hold markup are JSON that no browser takes for a page', async () => {
  for (const i of payloads.keys()) {
    const described = await get(`/apispec:page${i}?type=json`)
    const answer = await server.app.inject({ method: 'POST', url: `/api:page${i}/thing${i}`, payload: { name: payloads[i] } })
    const refused = await server.app.inject({
      method: 'POST',
      url: `/api:page${i}/thing${i}?name=${encodeURIComponent(payloads[i] ?? '')}&name=2`,
      payload: {},
    })
    const missing = await get(`/api:page${i}/${encodeURIComponent(payloads[i] ?? '')}`)
    expect([described.statusCode, answer.statusCode, answer.json()]).toEqual([200, 200, payloads[i]])
    expect(refused.statusCode).toBe(400)
    for (const { headers } of [described, answer, refused, missing]) {
      expect(headers['content-type']).toBe('application/json; charset=utf-8')
      expect([headers['x-content-type-options'], headers['content-security-policy']]).toEqual(['nosniff', "default-src 'none'; frame-ancestors 'none'"])
    }
  }
})
