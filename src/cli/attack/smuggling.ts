/** Requests that two parsers would read two ways. */
import type { Attack } from './attack.js'

const smuggling: Attack = {
  id: 'A40',
  title: 'A request inside of another',
  advisories: ['llhttp', 'RFC 9112 6.3', 'RFC 9110 7.2'],
  async run({ sendBytes, check, control, stage: { canonical } }) {
    const hidden = `GET /api:${canonical}/fresh HTTP/1.1\r\nHost: x\r\n\r\n`
    const type = 'Content-Type: application/json'
    const head = (...lines: string[]): string => [`POST /api:${canonical}/echo HTTP/1.1`, ...lines, '', ''].join('\r\n')
    const cases: readonly (readonly [what: string, bytes: string])[] = [
      ['length and chunks', `${head('Host: x', type, 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${hidden}`],
      ['chunks and length', `${head('Host: x', type, 'Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n${hidden}`],
      ['two lengths', head('Host: x', type, 'Content-Length: 0', `Content-Length: ${hidden.length}`) + hidden],
      ['two equal lengths', `${head('Host: x', type, 'Content-Length: 2', 'Content-Length: 2')}{}`],
      ['a list of lengths', `${head('Host: x', type, 'Content-Length: 2, 2')}{}`],
      ['a signed length', `${head('Host: x', type, 'Content-Length: +2')}{}`],
      ['a negative length', head('Host: x', type, 'Content-Length: -1') + hidden],
      ['a length that overflows', head('Host: x', type, 'Content-Length: 18446744073709551616') + hidden],
      ['another encoding', head('Host: x', type, 'Transfer-Encoding: xchunked') + hidden],
      ['two encodings', `${head('Host: x', type, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}0\r\n\r\n${hidden}`],
      ['chunked, but not last', `${head('Host: x', type, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n${hidden}`],
      ['a blank before the colon', `${head('Host: x', type, 'Transfer-Encoding : chunked')}0\r\n\r\n${hidden}`],
      ['a folded header', `${head('Host: x', type, 'Transfer-Encoding:', ' chunked')}0\r\n\r\n${hidden}`],
      ['a chunk size that overflows', `${head('Host: x', type, 'Transfer-Encoding: chunked')}fffffffffffffffff\r\n${hidden}`],
      ['a chunk longer than it says', `${head('Host: x', type, 'Transfer-Encoding: chunked')}1\r\n{}\r\n0\r\n\r\n${hidden}`],
      ['two hosts', `${head('Host: x', 'Host: y', type, 'Content-Length: 2')}{}`],
      ['no host', `${head(type, 'Content-Length: 2')}{}`],
      ['two tokens', `${head('Host: x', 'Authorization: Bearer a', 'Authorization: Bearer b', type, 'Content-Length: 2')}{}`],
      ['two types', `${head('Host: x', type, 'Content-Type: text/plain', 'Content-Length: 2')}{}`],
      ['a bare CR in a value', head('Host: x', 'X-A: a\rContent-Length: 2')],
      ['no version', `GET /api:${canonical}/fresh HTTP\r\nHost: x\r\n\r\n`],
    ]
    for (const [what, bytes] of cases) {
      const reply = await sendBytes(bytes, what)
      check(reply, `one answer, 400 or 505 (${reply.answers} came)`, (reply.status === 400 || reply.status === 505) && reply.answers === 1)
    }
    const plain = await sendBytes(`${head('Host: x', type, 'Content-Length: 2')}{}${hidden}`, 'two plain requests over one connection')
    control(plain, 'two answers', plain.answers === 2)
  },
}

export const smugglingAttacks: readonly Attack[] = [smuggling]
