/** Five parts, opaque, and what the specification of JWE says: another library reads it with the key, none without. */
import { hkdfSync } from 'node:crypto'
import { compactDecrypt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { memberToken, memberWorkspace } from './accounts.js'

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(memberWorkspace)
}, 60_000)
afterAll(() => server.close())

it('is a five-part compact JWE whose claims only the key shows', async () => {
  const token = await memberToken(server, 7, { extras: { role: 'canary-role' } })
  const parts = token.split('.')
  expect(parts).toHaveLength(5)
  expect(JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString())).toEqual({ alg: 'A256KW', enc: 'A256GCM' })
  for (const part of parts) expect(Buffer.from(part, 'base64url').toString('latin1')).not.toContain('canary-role')

  const [table] = await server.query<{ id: number }>(`select id from stackhold.definition where kind = 'table' and name = 'member'`)
  const key = new Uint8Array(hkdfSync('sha256', 'a secret for tests that is long enough', '', `stackhold/token/1/${table?.id}/auth`, 32))
  const { plaintext } = await compactDecrypt(token, key)
  const claims = JSON.parse(Buffer.from(plaintext).toString())
  expect(claims).toMatchObject({ dbo_id: table?.id, id: 7, extras: { role: 'canary-role' }, aud: '1/live/auth' })
  expect(claims.exp - claims.iat).toBeCloseTo(86_400, 3)
  expect(claims.jti).toMatch(/^[A-Za-z0-9_-]{22}$/)
})

it('two tokens of the same claims share nothing', async () => {
  const [a = '', b = ''] = [await memberToken(server, 7), await memberToken(server, 7)]
  for (let i = 1; i < 5; i++) expect(a.split('.')[i]).not.toBe(b.split('.')[i])
})

it('one spelling of a token counts: altered, padded, repeated or moved tokens are refused alike', async () => {
  const token = await memberToken(server, 7)
  const [head = '', key = '', iv = '', text = '', tag = ''] = token.split('.')
  const last = tag.at(-1) ?? ''
  const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const spelling = tag.slice(0, -1) + (twin[twin.indexOf(last) ^ 1] ?? '')
  const otherHead = Buffer.from('{"alg":"A256KW","enc":"A256GCM","jwk":{}}').toString('base64url')
  const wrong = [
    [head, key, iv, text, spelling].join('.'),
    [otherHead, key, iv, text, tag].join('.'),
    [head, key, iv, text].join('.'),
    `${token}=`,
    `${token}.`,
    [head, iv, key, text, tag].join('.'),
    `${token} ${token}`,
    'null',
    'undefined',
    '....',
  ]
  const answers = await Promise.all(wrong.map((one) => server.call('GET', '/api:members/who', { token: one })))
  expect(answers.map((answer) => answer.status)).toEqual(wrong.map(() => 401))
  expect(new Set(answers.map((answer) => answer.text)).size).toBe(1)
  expect((await server.call('GET', `/api:members/who?token=${token}&access_token=${token}`, { headers: { cookie: `token=${token}` } })).status).toBe(401)
})
