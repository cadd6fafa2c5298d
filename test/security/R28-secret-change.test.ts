/** The master secret is replaced on a running instance: with the old one named everything reads, and after re-encryption without it, too. */
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { type SignIn, startSignIn } from './sign-in.js'

const [first, second] = ['the first master secret of this test', 'the second master secret of this test']
const variable = 'canary-variable-5521'
const card = (of: string): string => `CANARY-4111-${of}`
const document = `table card {
  schema {
    int id
    text number {
      encrypted = true
    }
  }
}
---
api_group vault {
  canonical = "vault"
}
---
query card verb=POST {
  api_group = "vault"
  public = "for this test"
  input {
    text number
  }
  stack {
    db.add card {
      data = {number: $input.number}
    } as $card
  }
  response = $card.id
}
---
query card verb=GET {
  api_group = "vault"
  public = "for this test"
  input {
  }
  stack {
    db.query card {
      output = ["number"]
      sort = {id: "asc"}
      return = {type: "list", paging: {page: 1, per_page: 100}}
    } as $cards
  }
  response = $cards.items|map:$$.number
}
---
query variable verb=GET {
  api_group = "vault"
  public = "for this test"
  input {
  }
  stack {
  }
  response = $env.app_note == "${variable}"
}`

let app: SignIn
let factor = ''
let token = ''
let refresh = ''
/** Every code is good once: each use takes the next step that the clock allows. */
let step = -1
const mail = 'ann@example.com'
const cards = Array.from({ length: 30 }, (_, i) => card(String(i)))

const api = (method: string, path: string, body?: unknown) => app.server.call(method, `/api:vault${path}`, body === undefined ? {} : { body })
const code = (): string => new TOTP({ secret: Secret.fromBase32(factor) }).generate({ timestamp: Date.now() + 30_000 * step++ })
const stored = async (): Promise<string> => {
  const texts: object[] = []
  for (const text of [
    'select number as text from ws_1_live.card',
    'select secret as text from stackhold.auth_factor',
    `select encode(value, 'hex') as text from stackhold.env_var`,
    `select value->>'secret' as text from stackhold.setting where key = 'alert_webhook'`,
    `select number as text from ${await branchSchema()}.card`,
  ])
    texts.push(await app.server.query(text))
  return JSON.stringify(texts)
}
const branchSchema = async (): Promise<string> => {
  const [row] = await app.server.query<{ name: string }>(
    `select table_schema as name from information_schema.tables where table_schema ~ '^ws_1b' and table_name = 'card'`,
  )
  return row?.name ?? ''
}

/** What has to read, whatever the secret. */
async function everythingReads(): Promise<void> {
  expect((await api('GET', '/card')).body).toEqual(cards)
  expect((await app.server.call('GET', '/api:vault:dev/card')).body).toEqual([card('dev')])
  expect((await api('GET', '/variable')).body).toBe(true)
  expect((await app.server.meta('GET', '/security/alert/webhook')).body).toEqual({ url: 'http://127.0.0.1:9/hook' })
  expect((await app.server.meta('GET', '/audit_log/verify')).body).toMatchObject({ ok: true })
}
const logsIn = async (): Promise<number> => {
  const { challenge } = (await app.post('session', { email: mail, password: goodPassword })).body
  return (await app.post('mfa/verify', { challenge, code: code() })).status
}

beforeAll(async () => {
  app = await startSignIn({ environment: { STACKHOLD_SECRET: first }, variables: { app_name: 'Shop', app_note: variable } })
  await app.server.pushText(document)
  expect((await app.server.meta('POST', '/workspace/1/branch', { label: 'dev', tables: 'own' })).status).toBe(200)
  expect((await app.server.meta('PUT', '/security/alert/webhook', { url: 'http://127.0.0.1:9/hook', secret: 'a very secret webhook key' })).status).toBe(200)
  for (const number of cards) await api('POST', '/card', { number })
  expect((await app.server.call('POST', '/api:vault:dev/card', { body: { number: card('dev') } })).status).toBe(200)
  const session = await app.customer(mail)
  token = session.authToken
  refresh = session.refreshToken
  factor = (await app.post('mfa/enrol', { password: goodPassword }, { token })).body.secret
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 8_000) await new Promise((resolve) => setTimeout(resolve, left + 50))
  expect((await app.post('mfa/confirm', { code: code() }, { token })).status).toBe(200)
}, 90_000)
afterAll(() => app.close())

it('before: everything reads, and nothing rests readable', async () => {
  await everythingReads()
  expect(await stored()).not.toMatch(/CANARY|canary/)
})

it('with the new secret and the old one named: everything reads, and tokens are good', async () => {
  await app.server.restart({ STACKHOLD_SECRET: second, STACKHOLD_SECRET_PREVIOUS: first })
  await everythingReads()
  expect(await app.me(token)).toBe(200)
  const renewed = await app.post('session/refresh', { refresh_token: refresh })
  expect(renewed.status).toBe(200)
  refresh = renewed.body.refresh_token ?? renewed.body.refreshToken
  expect(await logsIn()).toBe(200)
})

it('re-encryption seals all of it anew, once', async () => {
  const before = await stored()
  const done = await app.server.meta('POST', '/workspace/1/security/reencrypt')
  expect([done.status, done.body]).toEqual([200, { values: 31, unreadable: 0, second_factors: 1, variables: 3 }])
  const after = await stored()
  const texts = (json: string): string[] => (JSON.parse(json) as { text: string }[][]).flat().map(({ text }) => text)
  expect(texts(after).filter((text) => texts(before).includes(text))).toEqual([])
  expect((await app.server.meta('POST', '/workspace/1/security/reencrypt')).body).toMatchObject({ values: 0, unreadable: 0, second_factors: 0 })
  await everythingReads()
})

it('with the new secret alone: everything reads, and tokens of the old one are over', async () => {
  await app.server.restart({ STACKHOLD_SECRET: second })
  await everythingReads()
  expect(await app.me(token)).toBe(401)
  expect((await app.post('session/refresh', { refresh_token: refresh })).status).toBe(200)
  expect(await logsIn()).toBe(200)
})

it('without the secret that sealed it the server does not start, and says what to do', async () => {
  await expect(app.server.restart({ STACKHOLD_SECRET: 'a third master secret that sealed nothing' })).rejects.toMatchObject({
    message: expect.stringMatching(/^The variable \w+ of workspace 1 cannot be opened\.$/),
    hint: expect.stringContaining('STACKHOLD_SECRET_PREVIOUS'),
  })
  await app.server.restart({ STACKHOLD_SECRET: second })
  await everythingReads()
})
