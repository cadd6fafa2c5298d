/** Small requests that cost much, and odd ones. */
import { type Attack, isRefused } from './attack.js'
import type { Reply } from './wire.js'

const longest = 12_000
const fills: readonly (readonly [what: string, text: string])[] = [
  ['a', 'a'.repeat(longest)],
  ['1.', '1.'.repeat(longest / 2)],
  ['blanks', `x${' '.repeat(longest - 2)}x`],
  [',', ','.repeat(longest)],
]

const slowHeaders: Attack = {
  id: 'A25',
  title: 'Headers on which an expression of the server turns slow',
  advisories: ['GHSA-mf3j-86qx-cq5j', 'GHSA-38m6-82c8-4xfm'],
  async run({ send, check, stage }) {
    const fastest = async (name: string, text: string): Promise<Reply> => {
      const replies = [await send({ to: 'me', headers: [[name, text]] }), await send({ to: 'me', headers: [[name, text]] })]
      return replies.reduce((a, b) => (b.ms < a.ms ? b : a))
    }
    for (const name of ['Authorization', 'Origin', 'Content-Type', 'X-Forwarded-For', 'Accept', 'Cookie', 'Idempotency-Key']) {
      const short = await send({ to: 'me', headers: [[name, 'a']] })
      for (const [what, text] of fills) {
        const reply = await fastest(name, text)
        // Hundredfold length: a square would be ten thousandfold.
        const ok = (reply.status === 401 || reply.status === 431 || reply.status === 400) && reply.ms < 20 * short.ms + 500
        check(reply, `refused in about the time of a short one (${what})`, ok)
      }
    }
    const huge = await send({ to: 'me', headers: [['Authorization', `Bearer ${'a'.repeat(1_000_000)}`]] })
    check(huge, '431, or the connection ends', huge.status === 431 || huge.status === 0)
    const deep = await send({ to: 'me', token: stage.alice.token, headers: [['Accept', fills[1]?.[1] ?? '']] })
    check(deep, 'a caller is served', deep.status === 200 || deep.status === 431)
  },
}

const nested = (open: string, close: string, depth: number, inner = ''): string => open.repeat(depth) + inner + close.repeat(depth)
const many = (n: number, one: (i: number) => string, by: string): string => Array.from({ length: n }, (_, i) => one(i)).join(by)
const form = 'application/x-www-form-urlencoded'

const bombs: Attack = {
  id: 'A26',
  title: 'Depth and number without end',
  advisories: ['GHSA-9xp9-j92r-p88v', 'GHSA-cgxm-vr2f-6fj8', 'GHSA-cmj3-wx7h-ffvg', 'CVE-2026-35441', 'GHSA-6q22-g298-grjh'],
  async run({ send, check, control }) {
    const fits = await send({ to: 'echo', method: 'POST', body: `{"value":${nested('[', ']', 20)}}` })
    control(fits, 'what is small is taken', fits.status === 200)
    for (const [body, type] of [
      [`{"value":${nested('[', ']', 64)}}`],
      [nested('{"a":', '}', 65, '1')],
      [nested('[', ']', 500_000)],
      ['['.repeat(900_000)],
      [`{${many(10_001, (i) => `"k${i}":1`, ',')}}`],
      [many(1_001, (i) => `k${i}=1`, '&'), form],
      [`a${'[b]'.repeat(34)}=1`, form],
      [`a${'[b]'.repeat(100_000)}=1`, form],
    ] as const) {
      const reply = await send({ to: 'echo', method: 'POST', body, type: type ?? 'application/json' })
      check(reply, '400 or 413', reply.status === 400 || reply.status === 413)
    }
    const query = await send({ to: `pick?name${'[b]'.repeat(40)}=1` })
    check(query, '400', query.status === 400)
  },
}

const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'length', '0', '-1']

const odd: Attack = {
  id: 'A27',
  title: 'Requests that end the process',
  advisories: ['GHSA-6hh7-46r2-vf29', 'GHSA-792q-q67h-w579', 'CVE-2022-31089', 'CVE-2026-21710', 'CVE-2026-21717'],
  async run({ send, sendBytes, check }) {
    for (const name of names)
      for (const sending of [
        { to: `echo/${name}`, headers: [[name, 'x']] },
        { to: `pick?${name}=1&${name}[${name}]=2&name[${name}]=3` },
        { to: 'echo', method: 'POST', body: `{"${name}":1,"value":{"${name}":{"${name}":1}}}` },
        { to: 'me', token: name },
        { to: `/api:${name}/x` },
        {
          to: 'echo/x',
          headers: [
            ['X-Branch', name],
            ['X-Data-Source', name],
            ['Idempotency-Key', name],
          ],
        },
      ] as const) {
        const reply = await send(sending)
        check(reply, 'an answer below 500', reply.status >= 200 && reply.status < 500)
      }
    for (const [what, bytes] of [
      ['the beginning of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['zeros', '\0'.repeat(400)],
      ['a method without end', 'A'.repeat(20_000)],
    ] as const) {
      const reply = await sendBytes(bytes, what)
      check(reply, '400, or the connection ends', reply.status === 0 || isRefused(reply))
    }
  },
}

export const loadAttacks: readonly Attack[] = [slowHeaders, bombs, odd]
