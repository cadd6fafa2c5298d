import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { memberToken, memberWorkspace } from './accounts.js'

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(memberWorkspace)
}, 60_000)
afterAll(() => server.close())

const issue = async (extras: string) => {
  const answer = await fetch(`${server.url}/api:members/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"id":1,"extras":${extras}}`,
  })
  return answer.status
}

it.each(['exp', 'iat', 'nbf', 'iss', 'aud', 'sub', 'jti', 'dbo_id', '__proto__', 'constructor', 'prototype'])('may not carry %s', async (name) => {
  expect([400, 500]).toContain(await issue(`{"${name}":1}`))
})

it('have 2048 bytes at most', async () => {
  expect(await issue(`{"a":"${'x'.repeat(2048 - 8)}"}`)).toBe(200)
  expect(await issue(`{"a":"${'x'.repeat(2048 - 7)}"}`)).toBe(500)
})

it('come back with the types they had, and cannot be changed by a caller', async () => {
  const extras = { role: 'editor', n: 1.5, yes: true, none: null, list: [1, 'a'], deep: { a: 1 } }
  const token = await memberToken(server, 3, { extras })
  const answer = await server.call('POST', '/api:members/who', { token, body: { extras: { role: 'admin' }, auth: { extras: { role: 'admin' }, id: 1 } } })
  expect(answer.body).toEqual({ id: 3, extras })
})
