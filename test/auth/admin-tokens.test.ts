import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAdminTokens } from '../../src/auth/admin-tokens.js'
import { systemRandom } from '../../src/services/random.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'

let test: TestDatabase
let now = Date.now()
const make = (configured?: string) => createAdminTokens({ db: test.database, clock: { now: () => now }, random: systemRandom, configured })

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

describe('admin tokens', () => {
  it('makes exactly one first token, however many servers start', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => make().ensureFirst()))
    const tokens = made.filter((token) => token !== null)
    expect(tokens).toHaveLength(1)
    expect(tokens[0]).toMatch(/^shk_[A-Za-z0-9_-]{43}$/)
    expect(await make().verify(tokens[0] ?? '')).toMatchObject({ name: 'first', scopes: ['*'] })
  })

  it('stores no token, only its hash', async () => {
    const { token } = await make().issue('ci', ['workspace:read'])
    const [row] = await test.database.query<{ all: string }>(`select string_agg(t::text, ' ') as all from stackhold.admin_token t`)
    expect(row?.all).not.toContain(token.slice(4))
    expect(await make().verify(token)).toMatchObject({ name: 'ci', scopes: ['workspace:read'] })
  })

  it('refuses what is no token, and a token past its end', async () => {
    const tokens = make()
    const { token } = await tokens.issue('short', ['*'], { expiresAt: now + 1_000 })
    expect(await tokens.verify(token)).not.toBeNull()
    now += 1_000
    expect(await tokens.verify(token)).toBeNull()
    for (const text of ['', 'shk_', `${token}x`, token.slice(0, -1), ` ${token}`, "' or 1=1", 'x'.repeat(100_000)]) expect(await tokens.verify(text)).toBeNull()
  })

  it('takes the configured token and then makes no first one', async () => {
    const configured = 'a-configured-token-of-the-operator'
    expect(await make(configured).verify(configured)).toMatchObject({ scopes: ['*'] })
    expect(await make(configured).verify(`${configured}x`)).toBeNull()
    expect(await make(configured).ensureFirst()).toBeNull()
    expect(await make().verify(configured)).toBeNull()
  })
})
