/** A refused login takes the same time for an account that exists and one that does not, after a change of hash parameters too. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPasswords } from '../../src/auth/passwords.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { compareTimes, type Timing } from '../helpers/timing.js'
import { type Accounts, accountsOf, goodPassword } from './accounts.js'

const email = 'timing@example.com'
/** As long as the one that is known. */
const unknown = (n: number): string => `u${String(n).padStart(5, '0')}@example.com`
let server: ListeningServer
let accounts: Accounts
beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192' })
  accounts = await accountsOf(server)
  await accounts.signUp(email)
  await server.pushText(leaky)
}, 60_000)
afterAll(() => server.close())

/** What builders write who do not know: it ends before the password is checked when there is no such account. */
const leaky = `query "leaky" verb=POST {
  api_group = "authentication"
  public = "For the test."
  input {
    email email
    text password
  }
  stack {
    db.get user {
      field_name = "email"
      field_value = $input.email
      output = ["id", "password"]
    } as $user
    precondition ($user != null) {
      error_type = "accessdenied"
      error = "No."
    }
    security.check_password {
      text_password = $input.password
      hash_password = $user.password
    } as $right
    precondition ($right) {
      error_type = "accessdenied"
      error = "No."
    }
  }
  response = true
}`

async function measure(path: string): Promise<Timing> {
  const logIn = async (address: string, n: number): Promise<number> => {
    const began = performance.now()
    const { status } = await server.call('POST', `${accounts.base}${path}`, { body: { email: address, password: `wrong password ${n}` } })
    const took = performance.now() - began
    expect([401, 403]).toContain(status)
    return took
  }
  for (let n = 0; n < 10; n++) await logIn(email, n)
  return compareTimes((kind, n) => logIn(kind === 'a' ? email : unknown(n), n + 100))
}

function expectSame({ auc, gap }: Timing): void {
  expect(gap).toBeLessThan(5)
  expect(auc).toBeGreaterThan(0.45)
  expect(auc).toBeLessThan(0.55)
}

describe('login', { timeout: 600_000 }, () => {
  it('takes the same time for known and unknown', async () => {
    expectSame(await measure('/auth/login'))
  })

  it('takes the same time for a hash of cheaper parameters, which the next good login replaces without ending sessions', async () => {
    const token = (await accounts.logIn(email)).body.authToken
    const old = await createPasswords({ cost: { memory: 8_192, passes: 1, lanes: 1 } }).hash(goodPassword)
    await server.query(`begin`)
    await server.query(`set local stackhold.keep_tokens = 'on'`)
    await server.query(`update ws_1_live."user" set password = $1`, [old])
    await server.query(`commit`)
    expectSame(await measure('/auth/login'))

    expect((await accounts.logIn(email)).status).toBe(200)
    await expect
      .poll(async () => (await server.query<{ password: string }>('select password from ws_1_live."user"'))[0]?.password)
      .toMatch(/^\$argon2id\$v=19\$m=8192,t=2,p=1\$/)
    expect((await accounts.logIn(email)).status).toBe(200)
    expect((await accounts.me(token)).status).toBe(200)
  })

  it('would be seen to differ: an endpoint that ends early for unknown accounts is', async () => {
    const { auc, pairs } = await measure('/leaky')
    expect(auc).toBeGreaterThan(0.9)
    expect(pairs).toBe(200)
  })
})

describe('the comparison', () => {
  let state = 1
  const uniform = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state + 1) / 2 ** 32
  }
  /** Milliseconds as a busy machine gives them: 15 or so, and now and then much more. */
  const noise = (): number => 15 + 3 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) + (uniform() < 0.05 ? 200 * uniform() : 0)

  it('finds 1 ms among 3 ms of noise and outliers, and 1 ms less as well', async () => {
    for (const difference of [1, -1]) {
      const { auc } = await compareTimes((kind) => noise() + (kind === 'a' ? difference : 0))
      expect(Math.abs(auc - 0.5)).toBeGreaterThan(0.05)
      expect(Math.sign(auc - 0.5)).toBe(difference)
    }
  })

  it('takes equal times for equal, a hundred times in a row', async () => {
    for (let i = 0; i < 100; i++) expect(Math.abs((await compareTimes(noise)).auc - 0.5)).toBeLessThan(0.05)
  })
})
