/** Login with an OpenID Connect provider: PKCE, state and nonce, each bound to the browser and good for one use; the issuer is pinned (RFC 9700). */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallAnswer } from '../helpers/running-server.js'
import { clientSecret, type Lies, type Provider, redirectUri, startProvider } from './provider.js'
import { type Session, type SignIn, setVariables, startSignIn } from './sign-in.js'

let app: SignIn
let provider: Provider
beforeAll(async () => {
  provider = await startProvider()
  app = await startSignIn({ environment: { STACKHOLD_EGRESS_ALLOW: '127.0.0.1' }, insecureIssuers: true })
  await setVariables(app.server, provider.variables)
}, 60_000)
afterAll(async () => {
  await app.close()
  await provider.close()
})

const ann = { sub: 'ann', email: 'ann@example.com', email_verified: true, name: 'Ann' }
const startOf = ({ body }: CallAnswer) => ({ url: body.url as string, flow: body.flow_token as string })
const start = async () => startOf(await app.post('idp/start'))
interface Answer {
  flow: string
  state?: string | null
  code?: string
  iss?: string
}
const finish = ({ flow, ...rest }: Answer) => app.post('idp/finish', { flow_token: flow, ...rest })
const me = async ({ authToken }: Session) => (await app.get('me', authToken)).body as { id: number; email: string; name: string }

it('makes an account, and finds it again by issuer and subject', async () => {
  const first = await provider.logIn(app, ann)
  expect(first.status).toBe(200)
  expect(await me(first.body)).toMatchObject({ email: 'ann@example.com', name: 'Ann' })
  const again = await provider.logIn(app, { ...ann, email: 'ann.new@example.com' })
  expect((await me(again.body)).id).toBe((await me(first.body)).id)
  const other = await provider.logIn(app, { ...ann, sub: 'ann2', email: 'ann2@example.com' })
  expect((await me(other.body)).id).not.toBe((await me(first.body)).id)
  expect((await app.post('session/refresh', { refresh_token: again.body.refreshToken })).status).toBe(200)
})

it('sends a challenge of a verifier it keeps, state and nonce, all new each time', async () => {
  const [one, two] = [new URL((await start()).url).searchParams, new URL((await start()).url).searchParams]
  expect([one.get('response_type'), one.get('code_challenge_method'), one.get('redirect_uri')]).toEqual(['code', 'S256', redirectUri])
  for (const name of ['state', 'nonce', 'code_challenge']) {
    expect(one.get(name)?.length).toBeGreaterThanOrEqual(43)
    expect(one.get(name)).not.toBe(two.get(name))
  }
  const { url, flow } = await start()
  provider.tokenRequests.length = 0
  expect((await finish({ flow, ...provider.authorize(url, ann) })).status).toBe(200)
  const verifier = provider.tokenRequests[0]?.get('code_verifier') ?? ''
  expect(createHash('sha256').update(verifier).digest('base64url')).toBe(new URL(url).searchParams.get('code_challenge'))
  expect(url + flow).not.toContain(verifier)
})

describe('refuses', () => {
  const refused = async (body: Answer, asked = false) => {
    provider.tokenRequests.length = 0
    const answer = await finish(body)
    expect([answer.status, answer.body.message]).toEqual([401, 'This login did not work.'])
    // A code is not even shown to the provider when the flow is not good.
    expect(provider.tokenRequests.length).toBe(asked ? 1 : 0)
  }

  it('a flow that was used, even when it failed', async () => {
    const { url, flow } = await start()
    const redirect = provider.authorize(url, ann)
    await refused({ flow, ...redirect, state: 'x' })
    await refused({ flow, ...redirect })
  })

  it('the answer to another browser (login CSRF)', async () => {
    const [victim, attacker] = [await start(), await start()]
    await refused({ flow: victim.flow, ...provider.authorize(attacker.url, { ...ann, sub: 'attacker' }) })
    await refused({ flow: ''.padEnd(43, 'A'), ...provider.authorize(attacker.url, ann) })
  })

  it('an issuer that is not the one that was asked (mix-up)', async () => {
    const { url, flow } = await start()
    await refused({ flow, ...provider.authorize(url, ann), iss: 'https://evil.example' })
  })

  it('a flow of other settings', async () => {
    const { url, flow } = await start()
    await setVariables(app.server, { app_url: 'https://app.example.com', ...provider.variables, IDP_CLIENT_ID: 'other' })
    await refused({ flow, ...provider.authorize(url, ann) })
    await setVariables(app.server, { app_url: 'https://app.example.com', ...provider.variables })
  })

  it('the flow of another table', async () => {
    const { url, flow } = startOf(await app.visitor('idp/start'))
    await refused({ flow, ...provider.authorize(url, ann) })
  })

  it('a code of another login (PKCE), and one that was used', async () => {
    const [mine, stolen] = [await start(), await start()]
    const code = provider.authorize(stolen.url, { ...ann, sub: 'victim' }).code
    await refused({ flow: mine.flow, code, state: new URL(mine.url).searchParams.get('state') }, true)
  })

  it.each<[string, Lies]>([
    ['a foreign nonce', { nonce: 'x' }],
    ['a foreign issuer', { issuer: 'https://evil.example' }],
    ['a foreign audience', { audience: 'other' }],
    ['a foreign key', { foreignKey: true }],
    ['an expired token', { expired: true }],
  ])('an ID token with %s', async (_, lies) => {
    const { url, flow } = await start()
    await refused({ flow, ...provider.authorize(url, ann, lies) }, true)
  })

  it('an ID token that nobody signed', async () => {
    const { url, flow } = await start()
    await refused({ flow, ...provider.authorize(url, ann, { unsigned: true }) }, true)
  })
})

it('fifty at once with one flow: one gets in', async () => {
  const { url, flow } = await start()
  const redirect = provider.authorize(url, ann)
  const answers = await Promise.all(Array.from({ length: 50 }, () => finish({ flow, ...redirect })))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(49)
})

it('asks the user-info endpoint for an address that the ID token leaves out', async () => {
  const answer = await provider.logIn(app, { sub: 'quiet', email: 'quiet@example.com', email_verified: true }, 'customers', { quiet: true })
  expect((await me(answer.body)).email).toBe('quiet@example.com')
})

it('no answer contains the client secret, and nothing else of the settings but what a browser needs', async () => {
  const started = await app.post('idp/start')
  expect(started.text).not.toContain(clientSecret)
  expect(Object.keys(started.body).sort()).toEqual(['flow_token', 'url'])
})

it('an account with a second factor is asked for it', async () => {
  const { body } = await provider.logIn(app, { ...ann, sub: 'two', email: 'two@example.com' })
  const id = (await me(body)).id
  await app.server.query(
    `insert into stackhold.auth_factor (table_id, datasource, record_id, secret, confirmed_at) select id, 'live', $1, 'x', now() from stackhold.definition where kind = 'table' and name = 'customer'`,
    [String(id)],
  )
  const again = await provider.logIn(app, { ...ann, sub: 'two', email: 'two@example.com' })
  expect(Object.keys(again.body).sort()).toEqual(['challenge', 'mfa_required'])
  expect(await app.me(again.body.challenge)).toBe(401)
})

it('reaches only providers it may: https in earnest, and no private address unless the operator allows it', async () => {
  const strict = await startSignIn()
  await setVariables(strict.server, provider.variables)
  const before = provider.requests()
  const http = await strict.post('idp/start')
  expect(http.status).toBe(500)
  await setVariables(strict.server, { ...provider.variables, IDP_ISSUER: provider.issuer.replace('http:', 'https:') })
  expect((await strict.post('idp/start')).status).toBeGreaterThanOrEqual(403)
  expect(provider.requests()).toBe(before)
  await strict.close()
})
