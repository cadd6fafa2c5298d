/** Sessions on JWE: short access tokens, refresh tokens that are good for one use, list, end one, end all; on every node at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { type Session, type SignIn, startSignIn } from './sign-in.js'

let app: SignIn
let node: { url: string; close(): Promise<void> }
beforeAll(async () => {
  app = await startSignIn()
  node = await app.server.addNode()
}, 60_000)
afterAll(async () => {
  await node.close()
  await app.close()
})

const logIn = async (email: string, device = ''): Promise<Session> => (await app.post('session', { email, password: goodPassword, device })).body
const refresh = (refresh_token: string, url?: string) => app.post('session/refresh', { refresh_token }, url === undefined ? {} : { url })
const eventually = (token: string) => expect.poll(() => app.me(token, node.url), { timeout: 2_000 })

describe('a session', () => {
  it('answers a token of fifteen minutes and a refresh token that is stored as a hash', async () => {
    await app.customer('shape@example.com')
    const session = await logIn('shape@example.com')
    expect(session.expires_in).toBe(900)
    expect(session.authToken.split('.')).toHaveLength(5)
    expect(await app.me(session.authToken)).toBe(200)
    const stored = JSON.stringify(await app.server.query(`select *, encode(hash, 'hex') from stackhold.auth_refresh_token`))
    expect(stored).not.toContain(session.refreshToken)
    expect(await app.server.query('select 1 from stackhold.auth_refresh_token where hash = sha256($1::bytea)', [session.refreshToken])).toHaveLength(1)
  })

  it('goes on with every refresh, and each refresh token is good once', async () => {
    await app.customer('once@example.com')
    const first = await logIn('once@example.com')
    const second = (await refresh(first.refreshToken, node.url)).body as Session
    expect(second.session).toBe(first.session)
    expect(second.refreshToken).not.toBe(first.refreshToken)
    const third = (await refresh(second.refreshToken)).body as Session
    expect([await app.me(second.authToken), await app.me(third.authToken, node.url)]).toEqual([200, 200])
  })

  it('ends when a refresh token comes a second time: all its tokens, on all nodes, and no other session', async () => {
    await app.customer('reuse@example.com')
    const [stolen, other] = [await logIn('reuse@example.com'), await logIn('reuse@example.com')]
    const next = (await refresh(stolen.refreshToken)).body as Session
    expect((await refresh(stolen.refreshToken)).status).toBe(401)
    expect([await app.me(stolen.authToken), await app.me(next.authToken), await app.me(other.authToken)]).toEqual([401, 401, 200])
    await eventually(next.authToken).toBe(401)
    expect((await refresh(next.refreshToken)).status).toBe(401)
    expect((await refresh(other.refreshToken)).status).toBe(200)
    const events = async () => (await app.server.query(`select 1 from stackhold.security_event where kind = 'authn_token_reuse'`)).length
    await expect.poll(events, { timeout: 5_000 }).toBe(1)
  })

  it('is listed to its owner, and to nobody else', async () => {
    await app.customer('list@example.com')
    await app.customer('stranger@example.com')
    const [phone, laptop] = [await logIn('list@example.com', 'Phone'), await logIn('list@example.com', 'Laptop')]
    const list = (await app.get('sessions', phone.authToken)).body as { session: string; label: string; current: boolean }[]
    expect(list.map(({ label, current }) => [label, current]).slice(0, 2)).toEqual([
      ['Laptop', false],
      ['Phone', true],
    ])
    expect(JSON.stringify(list)).not.toContain(laptop.refreshToken)
    const stranger = await logIn('stranger@example.com')
    expect((await app.get('sessions', stranger.authToken)).text).not.toContain(phone.session)
    expect((await app.call('DELETE', `sessions/${phone.session}`, { token: stranger.authToken })).status).toBe(404)
    expect(await app.me(phone.authToken)).toBe(200)
  })

  it('is ended by its owner from another one, at once and everywhere', async () => {
    await app.customer('revoke@example.com')
    const [phone, laptop] = [await logIn('revoke@example.com'), await logIn('revoke@example.com')]
    expect(await app.me(phone.authToken, node.url)).toBe(200)
    expect((await app.call('DELETE', `sessions/${phone.session}`, { token: laptop.authToken })).status).toBe(200)
    expect([await app.me(phone.authToken), await app.me(laptop.authToken)]).toEqual([401, 200])
    await eventually(phone.authToken).toBe(401)
    expect((await refresh(phone.refreshToken, node.url)).status).toBe(401)
    expect((await app.call('DELETE', `sessions/${phone.session}`, { token: laptop.authToken })).status).toBe(404)
  })

  it('ends with logout; a token that belongs to none stays', async () => {
    await app.customer('logout@example.com')
    const session = await logIn('logout@example.com')
    const plain = (await app.post('login', { email: 'logout@example.com', password: goodPassword })).body.authToken as string
    expect((await app.post('logout', {}, { token: plain })).body).toEqual({ ended: false })
    expect((await app.post('logout', {}, { token: session.authToken })).body).toEqual({ ended: true })
    expect([await app.me(session.authToken), await app.me(plain)]).toEqual([401, 200])
    expect((await app.post('logout_everywhere', {}, { token: plain })).status).toBe(200)
    expect(await app.me(plain)).toBe(401)
  })

  it('survives a restart, and so does its end', async () => {
    await app.customer('restart@example.com')
    const [kept, ended] = [await logIn('restart@example.com'), await logIn('restart@example.com')]
    await app.post('logout', {}, { token: ended.authToken })
    await app.server.restart()
    expect([await app.me(kept.authToken), await app.me(ended.authToken)]).toEqual([200, 401])
    expect((await refresh(kept.refreshToken)).status).toBe(200)
  })
})

describe('limits', () => {
  it('idle and absolute: the refresh token is worth nothing afterwards', async () => {
    await app.customer('limits@example.com')
    const [idle, old] = [await logIn('limits@example.com'), await logIn('limits@example.com')]
    await app.server.query(`update stackhold.auth_session set last_used_at = now() - make_interval(secs => idle_seconds + 1) where id = $1`, [idle.session])
    await app.server.query(`update stackhold.auth_session set expires_at = now() - interval '1 second' where id = $1`, [old.session])
    expect([(await refresh(idle.refreshToken)).status, (await refresh(old.refreshToken)).status]).toEqual([401, 401])
    const shown = (await app.get('sessions', idle.authToken)).text
    expect([shown.includes(idle.session), shown.includes(old.session)]).toEqual([false, false])
  })

  it('are seconds within what the server allows', async () => {
    const make = (more: string) => `query "odd" verb=POST {
      api_group = "customers"
      public = "A test."
      input {
        int id
      }
      stack {
        try_catch {
          try {
            security.create_session {
              table = "customer"
              id = $input.id
              ${more}
            } as $session
          }
          catch {
            return {
              value = $error.message
            }
          }
        }
      }
      response = null
    }`
    for (const [more, message] of [
      ['absolute = 99999999', 'absolute limit'],
      ['idle = 0', 'idle limit'],
      ['expiration = 9999999', 'access token'],
    ]) {
      await app.server.pushText(make(more ?? ''))
      expect((await app.server.call('POST', '/api:customers/odd', { body: { id: 1 } })).text).toContain(message)
    }
  })

  it('refuses what is no refresh token of the table, in the same words', async () => {
    await app.customer('shared@example.com')
    const session = await logIn('shared@example.com')
    const elsewhere = await app.visitor('session/refresh', { refresh_token: session.refreshToken })
    const answers = [elsewhere, await refresh('x'), await refresh(''.padEnd(43, 'A')), await refresh(session.authToken)]
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(elsewhere.status).toBe(401)
    expect((await refresh(session.refreshToken)).status).toBe(200)
  })
})
