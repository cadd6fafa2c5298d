/** The canaries of the test run sing: whatever secret the server keeps, ends the test that started it with an error. */
import { describe, expect, it, vi } from 'vitest'
import { captureLog, createCanaries } from '../helpers/canaries.js'
import { startListeningServer } from '../helpers/running-server.js'
import { accountsOf, goodPassword } from './accounts.js'

describe('canaries', () => {
  const jwe = `eyJhbGciOiJBMjU2S1cifQ.${'a'.repeat(54)}.${'b'.repeat(16)}.${'c'.repeat(40)}.${'d'.repeat(22)}`
  it.each([
    ['a hash of a password', '$argon2id$v=19$m=19456,t=2,p=1$abc'],
    ['an older hash', '$2b$12$abcdefghijklmnopqrstuv'],
    ['a value of an encrypted column', `v1.0a1b2c3d.${'x'.repeat(40)}`],
    ['a token of an account', jwe],
    ['a token of an administrator', `shk_${'Z'.repeat(43)}`],
    ['a password that was sent', goodPassword],
    ['a refresh token that was answered', 'refresh-Canary-1'],
    ['a secret variable', 'variable-Canary-2'],
  ])('know %s', (_what, secret) => {
    const canaries = createCanaries()
    canaries.learnFrom(undefined, { account: { password: goodPassword } }, '{"sessions":[{"refreshToken":"refresh-Canary-1"}]}')
    canaries.learnFrom(undefined, 'workspace w {\n  env = {NOTE: "nothing secret", STRIPE_KEY: "variable-Canary-2"}\n}', '')
    expect(() => canaries.assertClean('A text', `before ${secret} after`)).toThrow('A text holds')
    expect(() => canaries.assertClean('A text', 'before (masked) after, nothing secret')).not.toThrow()
  })

  it('read the lines of a log', () => {
    const { log, text } = captureLog()
    log.debug({ headers: { authorization: `Bearer ${jwe}` } }, 'request')
    expect(() => createCanaries().assertClean('The log', text())).toThrow('The log holds')
  })

  it.each([
    ['security_event', `insert into stackhold.security_event (created_at, kind, reason) values (now(), 'authn_login_fail', $1) returning id`],
    ['request_history', `update stackhold.request_history set uri = $1 returning id`],
  ])('look through %s when a server is closed', async (table, plant) => {
    const server = await startListeningServer()
    const accounts = await accountsOf(server)
    await accounts.signUp('ann@example.com')
    // Written beside the requests.
    await vi.waitFor(async () => expect(await server.query(plant, [`typed ${goodPassword}`])).not.toEqual([]), { timeout: 10_000 })
    await expect(server.close()).rejects.toThrow(`${table} holds the secret Tr0u…`)
  })

  it('find nothing where logins went wrong and a stack says what it was sent', async () => {
    const server = await startListeningServer()
    await server.pushText(
      'api_group open {\n  canonical = "openopenopenopenopenop"\n}\n---\nquery fail verb=POST {\n  api_group = "open"\n  public = "for this test"\n  input {\n    text password\n  }\n  stack {\n    throw {\n      name = "Oops"\n      value = "no " ~ $input.password\n    }\n  }\n}',
    )
    const accounts = await accountsOf(server)
    const token = await accounts.token('ann@example.com')
    await accounts.logIn('ann@example.com', 'Wrong-Horse-Battery-42')
    await accounts.me(`${token}x`)
    const said = await server.call('POST', '/api:openopenopenopenopenop/fail', { body: { password: goodPassword } })
    expect([said.status, said.text.includes(goodPassword)]).toEqual([500, true])
    await server.close()
  })
})
