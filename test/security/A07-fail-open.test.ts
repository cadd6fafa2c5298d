/**
 * What is missing closes (Supabase apps CVE-2025-48757, Strapi CVE-2023-34093, Directus #28121: nobody taken for an administrator). Anonymous is a value:
 * where a caller is undefined nothing goes on. Endpoints without a word about who may call: R01, R02.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { permits } from '../../src/auth/roles.js'
import { guardSql } from '../../src/db/rules.js'
import { anonymous } from '../../src/runtime/capabilities.js'
import type { Frame } from '../../src/runtime/frame.js'
import { readAuthMember } from '../../src/runtime/roots.js'
import { makeApp, type TestApp } from '../http/harness.js'

const frameOf = (caller: unknown): Frame => ({ run: { caller } }) as unknown as Frame

describe('a caller that is undefined', () => {
  it.each(['id', 'extras', 'table'])('has no $auth.%s: reading it throws, and for strangers it is a value', (name) => {
    expect(() => readAuthMember(name)(frameOf(undefined))).toThrow(TypeError)
    expect(() => readAuthMember(name)(frameOf(null))).toThrow(TypeError)
    expect(readAuthMember(name)(frameOf(anonymous))).not.toBeUndefined()
  })

  it('makes no statement on behalf of a caller', () => {
    const options = { workspaceId: 1, schema: 'ws_1_live', account: undefined, role: false }
    expect(() => guardSql(undefined as never, options as never)).toThrow(TypeError)
    expect(() => guardSql(anonymous, options as never)).not.toThrow()
  })

  it('permits nothing to administrators without role or scopes', () => {
    const permission = { area: 'workspace', access: 'read' } as const
    expect(permits({ scopes: ['*'], role: 'owner' }, permission)).toBe(true)
    expect(permits({ scopes: [], role: 'owner' }, permission)).toBe(false)
    for (const broken of [{ scopes: undefined, role: 'owner' }, { scopes: ['*'], role: undefined }, { scopes: ['*'], role: 'nonesuch' }, undefined]) {
      const opens = (): boolean => permits(broken as never, permission)
      let answer: boolean | 'throws'
      try {
        answer = opens()
      } catch {
        answer = 'throws'
      }
      expect([false, 'throws']).toContain(answer)
    }
  })
})

describe('an endpoint whose auth leads nowhere', () => {
  let app: TestApp
  beforeAll(async () => {
    const run = () => 'canary'
    app = await makeApp([
      {
        endpoints: [
          { path: 'open', public: null, run },
          { path: 'plain', auth: 'plain', run },
          { path: 'nowhere', auth: 'nowhere', run },
          { path: 'empty', auth: '', run },
          { path: 'user', auth: 'user', run },
        ],
      },
    ])
  })
  afterAll(() => app.app.close())

  it('refuses everyone, with every token', async () => {
    const tokens = [undefined, await app.token(10), await app.token(11), await app.token(12), await app.token(0), 'shk_admin', 'null', 'undefined']
    for (const path of ['open', 'plain', 'nowhere', 'empty'])
      for (const token of tokens) {
        const answer = await app.app.inject({ url: `/api:abc123/${path}`, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
        expect([path, token?.slice(0, 9), answer.statusCode]).toEqual([path, token?.slice(0, 9), 401])
      }
    const right = await app.app.inject({ url: '/api:abc123/user', headers: { authorization: `Bearer ${await app.token(10)}` } })
    expect(right.statusCode).toBe(200)
  })
})
