/** 401 for whoever is not known, 403 for whoever is and may not; neither says why. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEpochs } from '../../src/auth/epochs.js'
import { createBinding, createTokenService } from '../../src/auth/tokens.js'
import { obj } from '../../src/lib/value.js'
import { systemClock } from '../../src/services/clock.js'
import { systemRandom } from '../../src/services/random.js'
import { type CallAnswer, type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { addMember, memberToken, memberWorkspace } from './accounts.js'
import { face } from './sign-in.js'

const roles = `table clerk {
  auth = true
  schema {
    int id
    text role?="clerk"
  }
}
---
query clerk/{id} verb=GET {
  api_group = "members"
  public = "test"
  input {
    int id
  }
  stack {
    security.create_auth_token {
      table = "clerk"
      id = $input.id
    } as $token
  }
  response = $token
}
---
query vault verb=GET {
  api_group = "members"
  auth = "clerk"
  roles = ["boss"]
  input {
  }
  stack {
  }
  response = "canary"
}`

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(`${memberWorkspace}\n---\n${roles}`)
}, 60_000)
afterAll(() => server.close())

const secret = 'a secret for tests that is long enough'
const day = 86_400_000
async function made({ workspace = 1, table = 'member', datasource = 'live', purpose = 'auth', master = secret, now = systemClock.now }): Promise<string> {
  const [row] = await server.query<{ id: number }>(`select id from stackhold.definition where kind = 'table' and name = $1`, [table])
  const service = createTokenService({ secrets: [Buffer.from(master)], clock: { now }, random: systemRandom, epochs: createEpochs() })
  return service.issue(createBinding(workspace, row?.id ?? 0, datasource, purpose), { id: 1, extras: obj() })
}

describe('R04: 401', () => {
  const cases: readonly (readonly [what: string, authorization: () => Promise<string | undefined>])[] = [
    ['missing', async () => undefined],
    ['empty', async () => 'Bearer '],
    ['of another scheme', async () => 'Basic eDp5'],
    ['garbage', async () => 'Bearer garbage'],
    ['garbage of the right form', async () => 'Bearer a.b.c.d.e'],
    ['expired', async () => `Bearer ${await made({ now: () => Date.now() - 2 * day })}`],
    ['of another table', async () => `Bearer ${await made({ table: 'user' })}`],
    ['of another workspace', async () => `Bearer ${await made({ workspace: 2 })}`],
    ['of another data source', async () => `Bearer ${await made({ datasource: 'test' })}`],
    ['of another purpose', async () => `Bearer ${await made({ purpose: 'reset' })}`],
    ['of another server', async () => `Bearer ${await made({ master: 'another secret that is long enough' })}`],
    ['of an administrator', async () => `Bearer ${server.adminToken}`],
    [
      'revoked',
      async () => {
        const id = await addMember(server, 'revoked@example.com')
        const token = await memberToken(server, id)
        expect((await server.call('GET', '/api:members/who', { token })).status).toBe(200)
        await server.meta('POST', `/workspace/1/auth/member/${id}/revoke`)
        return `Bearer ${token}`
      },
    ],
    [
      'of a deleted account',
      async () => {
        const token = await memberToken(server, await addMember(server, 'gone@example.com'))
        await server.call('POST', '/api:members/leave', { token })
        return `Bearer ${token}`
      },
    ],
  ]
  const ask = (authorization: string | undefined): Promise<CallAnswer> =>
    server.call('GET', '/api:members/who', { headers: authorization === undefined ? {} : { authorization } })

  it('is one answer with WWW-Authenticate, whatever is wrong with the token', async () => {
    expect((await ask(`Bearer ${await made({})}`)).status).toBe(200)
    const plain = await ask(undefined)
    expect(plain.body).toEqual({ code: 'ERROR_CODE_UNAUTHORIZED', message: expect.any(String), payload: '' })
    for (const [what, authorization] of cases) {
      const answer = await ask(await authorization())
      expect([what, answer.status, answer.headers.get('www-authenticate'), face(answer)]).toEqual([what, 401, 'Bearer', face(plain)])
      expect(answer.text).not.toMatch(/expired|revoked|invalid|signature|table|workspace|deleted|member/i)
    }
  })

  it('the Metadata API as well', async () => {
    const answers = []
    for (const token of [undefined, 'garbage', 'shk_garbage', await made({}), `${server.adminToken}x`]) {
      const answer = await server.call('GET', '/api:meta/workspace', token === undefined ? {} : { token })
      expect([token, answer.status, answer.headers.get('www-authenticate')]).toEqual([token, 401, 'Bearer'])
      answers.push(face(answer))
    }
    expect(new Set(answers).size).toBe(1)
  })
})

describe('R04: 403', () => {
  it('a caller of the wrong role is known, and not told what is missing', async () => {
    const [clerk] = await server.query<{ id: number }>(`insert into ws_1_live.clerk (role) values ('clerk') returning id`)
    const [boss] = await server.query<{ id: number }>(`insert into ws_1_live.clerk (role) values ('boss') returning id`)
    const vault = async (id: number | undefined) =>
      server.call('GET', '/api:members/vault', { token: (await server.call('GET', `/api:members/clerk/${id}`)).body })
    const answer = await vault(clerk?.id)
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([403, null])
    expect(answer.text).not.toMatch(/boss|clerk|role|canary/)
    expect((await vault(boss?.id)).text).toBe('"canary"')
    expect((await server.call('GET', '/api:members/vault')).status).toBe(401)
  })

  it('an administrator without the scope as well', async () => {
    const { token } = (await server.meta('POST', '/auth/token', { name: 'reader', scopes: ['workspace:read'] })).body
    expect((await server.call('GET', '/api:meta/workspace', { token })).status).toBe(200)
    const answer = await server.call('POST', '/api:meta/workspace', { token, body: { name: 'x' } })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([403, null])
    expect(answer.text).not.toMatch(/scope|workspace:write/)
  })
})
