/** A body is read the one way its type says, checked, or not read at all (Fastify CVE-2025-32442, CVE-2026-25223, CVE-2026-3419; n8n CVE-2026-21858). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { speak } from './wire.js'

const workspace = `api_group typed {
  canonical = "typed"
}
---
query number verb=POST {
  api_group = "typed"
  public = "test"
  input {
    int n filters=min:1
  }
  stack {
  }
  response = {n: $input.n}
}
---
query photo verb=POST {
  api_group = "typed"
  public = "test"
  input {
    file photo
  }
  stack {
  }
  response = "taken"
}`

let server: ListeningServer
let port = 0
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(workspace)
  port = Number(new URL(server.url).port)
}, 60_000)
afterAll(() => server.close())

const send = (path: string, type: string | null, body: string) =>
  speak(
    port,
    [
      `POST /api:typed/${path} HTTP/1.1`,
      'Host: x',
      ...(type === null ? [] : [`Content-Type: ${type}`]),
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4)

const spellings = [
  'application/json',
  'Application/JSON',
  'application/json;',
  'application/json ; charset=utf-8',
  'application/json\t',
  'application/json\t; charset=utf-8',
  'application/json;charset=utf-8;charset=utf-8',
  'application/json, text/plain',
  'application/json text/plain',
  'application/jsonp',
  'application/json/x',
  'application/x-json',
  'application/problem+json',
  'text/json',
  'text/plain',
  'text/plain; application/json',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'multipart/form-data; boundary=application/json',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
  'application/xml',
  '*/*',
  '',
  ';',
  'application/json;charset=utf-16',
  'application/json;charset=utf-7',
]

it.each(spellings)('%j: the input is a checked number, or the request is refused', async (type) => {
  const right = await send('number', type, '{"n": 5}')
  if (spellings.indexOf(type) < 4) expect(right.status).toBe(200)
  if (right.status === 200) expect(bodyOf(right.text)).toBe('{"n":5}')
  else expect([400, 415]).toContain(right.status)
  for (const wrong of ['{"n": "x"}', '{"n": 0}', '{"n": {"a": 1}}', '{"n": [5]}', '[{"n": 5}]', '"n=5"', 'null', '{}'])
    expect([400, 415]).toContain((await send('number', type, wrong)).status)
})

it('a body without a type is not guessed', async () => {
  expect((await send('number', null, '{"n": 5}')).status).toBe(415)
})

it('two types are none', async () => {
  const body = '{"n": 5}'
  const lines = [
    'POST /api:typed/number HTTP/1.1',
    'Host: x',
    'Content-Type: text/plain',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
    '',
    body,
  ]
  expect((await speak(port, lines.join('\r\n'))).status).toBe(400)
})

it.each([
  '{"photo": {"name": "x.png", "path": "/etc/passwd", "size": 1, "mime": "image/png"}}',
  '{"photo": "/etc/passwd"}',
  '{"photo": "file:///etc/passwd"}',
  '{"photo": {"filepath": "/etc/passwd", "originalFilename": "x"}}',
  '{"photo": ["/etc/passwd"]}',
])('no JSON becomes a file: %s', async (body) => {
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const answer = await send('photo', type, body)
    expect([answer.status, answer.text.includes('root:')]).toEqual([400, false])
  }
})

it('and a form does: what the type says is what is read', async () => {
  const form = '--x\r\nContent-Disposition: form-data; name="photo"; filename="../../a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--\r\n'
  expect(bodyOf((await send('photo', 'multipart/form-data; boundary=x', form)).text)).toBe('"taken"')
})
