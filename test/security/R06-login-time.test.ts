/** A refused login takes the same time for an account that exists and one that does not, after a change of hash parameters too. */
import { afterAll, describe, expect, it } from 'vitest'
import { createPasswords } from '../../src/auth/passwords.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { type Accounts, accountsOf, goodPassword } from './accounts.js'

const pairs = 200
const servers: ListeningServer[] = []
afterAll(async () => {
  for (const server of servers) await server.close()
})

/** Chance that a known account takes longer than an unknown one: 0.5 when nobody can tell (Mann-Whitney). */
function auc(known: readonly number[], unknown: readonly number[]): number {
  let wins = 0
  for (const a of known) for (const b of unknown) wins += a > b ? 1 : a === b ? 0.5 : 0
  return wins / (known.length * unknown.length)
}
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

async function measure(accounts: Accounts, email: string): Promise<{ auc: number; gap: number }> {
  const times = { known: [] as number[], unknown: [] as number[] }
  const time = async (kind: 'known' | 'unknown', n: number): Promise<void> => {
    const began = performance.now()
    await accounts.logIn(kind === 'known' ? email : `no${n}${email}`.slice(-email.length), `wrong password ${n}`)
    times[kind].push(performance.now() - began)
  }
  for (let n = 0; n < 5; n++) await accounts.logIn(email, 'warm up')
  for (let n = 100; n < 100 + pairs; n++) for (const kind of n % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)) await time(kind, n)
  return { auc: auc(times.known, times.unknown), gap: Math.abs(median(times.known) - median(times.unknown)) }
}

async function fresh(): Promise<{ server: ListeningServer; accounts: Accounts }> {
  const server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '9216' })
  servers.push(server)
  const accounts = await accountsOf(server)
  await accounts.signUp('timing@example.com')
  return { server, accounts }
}

// Statistics on a shared machine: a run that chance spoiled may be repeated, a leak shows every time.
describe('login', { retry: 2, timeout: 60_000 }, () => {
  it('takes the same time for known and unknown', async () => {
    const { accounts } = await fresh()
    const { auc, gap } = await measure(accounts, 'timing@example.com')
    expect(gap).toBeLessThan(5)
    expect(auc).toBeGreaterThan(0.45)
    expect(auc).toBeLessThan(0.55)
  })

  it('takes the same time for a hash of cheaper parameters, which the next good login replaces without ending sessions', async () => {
    const { server, accounts } = await fresh()
    const token = (await accounts.logIn('timing@example.com')).body.authToken
    const old = await createPasswords({ cost: { memory: 8_192, passes: 1, lanes: 1 } }).hash(goodPassword)
    await server.query(`begin`)
    await server.query(`set local stackhold.keep_tokens = 'on'`)
    await server.query(`update ws_1_live."user" set password = $1`, [old])
    await server.query(`commit`)
    const { auc, gap } = await measure(accounts, 'timing@example.com')
    expect(gap).toBeLessThan(5)
    expect(auc).toBeGreaterThan(0.45)
    expect(auc).toBeLessThan(0.55)

    expect((await accounts.logIn('timing@example.com')).status).toBe(200)
    await expect
      .poll(async () => (await server.query<{ password: string }>('select password from ws_1_live."user"'))[0]?.password)
      .toMatch(/^\$argon2id\$v=19\$m=9216,t=2,p=1\$/)
    expect((await accounts.logIn('timing@example.com')).status).toBe(200)
    expect((await accounts.me(token)).status).toBe(200)
  })
})
