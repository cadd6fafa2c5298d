/** A page elsewhere cannot act for its visitor: nothing a browser sends by itself says who he is, and CORS is not what protects (CVE-2022-41919). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { type Accounts, accountsOf, addMember, memberToken, memberWorkspace } from './accounts.js'

let server: ListeningServer
let accounts: Accounts
let token = ''
let id = 0
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(memberWorkspace)
  accounts = await accountsOf(server)
  id = await addMember(server, 'victim@example.com')
  token = await memberToken(server, id)
}, 60_000)
afterAll(() => server.close())

const nameOf = async (): Promise<string | undefined> => (await server.query<{ name: string }>('select name from ws_1_live.member where id = $1', [id]))[0]?.name

it('what a form of another site can send changes nothing, whatever cookies and credentials come with it', async () => {
  const rename = '/api:members/rename'
  const sources: [type: string, body: string][] = [
    ['text/plain', '{"name":"pwned"}'],
    ['text/plain;charset=UTF-8', '{"name":"pwned","x":"="}'],
    ['application/x-www-form-urlencoded', 'name=pwned'],
    ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\npwned\r\n--x--\r\n'],
  ]
  const carried: Record<string, string>[] = [
    { cookie: `token=${token}; authToken=${token}; authorization=Bearer ${token}; session=${token}` },
    { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
    { cookie: `Authorization=${token}`, origin: 'https://evil.com', referer: 'https://evil.com/' },
  ]
  for (const [type, body] of sources)
    for (const headers of carried) {
      const answer = await fetch(server.url + rename, { method: 'POST', body, headers: { 'content-type': type, ...headers } })
      expect(answer.status).toBe(401)
    }
  for (const query of [`token=${token}`, `access_token=${token}`, `authorization=Bearer%20${token}`])
    expect((await server.call('POST', `${rename}?${query}`, { body: { name: 'pwned' } })).status).toBe(401)
  expect(await nameOf()).toBe('victim@example.com')
})

it('with a token, a state is changed by types that need a preflight or are forms, never by text', async () => {
  for (const type of ['text/plain', 'text/plain; charset=utf-8', 'application/octet-stream', 'text/html']) {
    const answer = await fetch(`${server.url}/api:members/rename`, {
      method: 'POST',
      body: '{"name":"pwned"}',
      headers: { 'content-type': type, authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(415)
  }
  expect(await nameOf()).toBe('victim@example.com')
})

it('no answer sets a cookie: signup, login and what follows', async () => {
  const answers = [
    await accounts.signUp('c@example.com'),
    await accounts.logIn('c@example.com'),
    await accounts.logIn('c@example.com', 'wrong'),
    await server.meta('GET', '/auth/me'),
    await server.call('GET', '/'),
  ]
  for (const { headers } of answers) expect(headers.get('set-cookie')).toBeNull()
})

it('the Metadata API neither', async () => {
  for (const headers of [{ cookie: `token=${server.adminToken}` }, { authorization: `Basic ${btoa(`x:${server.adminToken}`)}` }] as Record<string, string>[])
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json'])
      expect(
        (await fetch(`${server.url}/api:meta/workspace`, { method: 'POST', body: '{"name":"pwned"}', headers: { 'content-type': type, ...headers } })).status,
      ).toBe(401)
  const plain = await fetch(`${server.url}/api:meta/workspace`, {
    method: 'POST',
    body: '{"name":"pwned"}',
    headers: { 'content-type': 'text/plain', authorization: `Bearer ${server.adminToken}` },
  })
  expect(plain.status).toBe(415)
})
