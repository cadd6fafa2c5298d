/** R37: the request history has no secrets, is bounded, and costs an endpoint nothing that keeps none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decimalOf, obj } from '../../src/lib/value.js'
import { createRedactor, masked } from '../../src/services/redact.js'
import { createRequestHistory, type HistoryEntry } from '../../src/services/request-history.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { accountsOf, goodPassword } from './accounts.js'

const canary = 'canary-7f3a9c-secret'
const endpoint = (name: string, rest: string, input = '', response = '$input') =>
  `query "${name}" verb=POST {\n  api_group = "kept"\n  public = "For the test."\n  input {${input}\n  }\n  stack {\n  }\n  response = ${response}\n  ${rest}\n}`
const workspace = (extra: readonly string[]) =>
  [
    'api_group kept {\n  canonical = "keptkeptkeptkeptkeptke"\n}',
    'api_group quiet {\n  canonical = "quietquietquietquietqu"\n  history = false\n}',
    'table vault {\n  auth = false\n  schema {\n    int id\n    text codeword {\n      sensitive = true\n    }\n  }\n}',
    ...extra,
  ].join('\n---\n')

describe('R37: what is kept', () => {
  let server: ListeningServer
  beforeAll(async () => {
    server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
    await server.pushText(
      workspace([
        endpoint('plain', '', '\n    text name?\n    int n?'),
        endpoint(
          'secrets',
          '',
          '\n    text note? {\n      sensitive = true\n    }\n    text api_key?\n    json deep?\n    text codeword?\n    password password?',
        ),
        endpoint('off', 'history = false'),
        endpoint('count/{code}', 'history = 100', '\n    text code {\n      sensitive = true\n    }'),
        'query "fails" verb=POST {\n  api_group = "kept"\n  public = "For the test."\n  input {\n    text token?\n  }\n  stack {\n    throw {\n      name = "Oops"\n      value = "no " ~ $input.token\n    }\n  }\n  response = 1\n}',
        'query "hush" verb=POST {\n  api_group = "quiet"\n  public = "For the test."\n  input {\n  }\n  stack {\n  }\n  response = 1\n}',
        'query "loud" verb=POST {\n  api_group = "quiet"\n  public = "For the test."\n  input {\n  }\n  stack {\n  }\n  response = 1\n  history = 10\n}',
      ]),
    )
  }, 60_000)
  afterAll(() => server.close())

  const kept = '/api:keptkeptkeptkeptkeptke'
  const latest = async (query = '') => (await server.meta('GET', `/workspace/1/request_history?per_page=5&include_output=true${query}`)).body.items
  const rows = async () => JSON.stringify(await server.query('select * from stackhold.request_history'))

  it('is the request as the reference describes it', async () => {
    const before = Date.now()
    await server.call('POST', `${kept}/plain?n=3`, { body: { name: 'Ada' }, headers: { 'x-note': 'here' } })
    const [entry] = await latest()
    expect(entry).toMatchObject({
      verb: 'POST',
      status: 200,
      uri: `${server.url}${kept}/plain?n=3`,
      input: { name: 'Ada', n: '3' },
      output: { name: 'Ada', n: 3 },
      workspace_id: 1,
      auth: '',
    })
    expect(entry.created_at).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0000$/)
    expect(Date.parse(entry.created_at)).toBeGreaterThanOrEqual(before - 1000)
    expect(entry.duration).toBeGreaterThan(0)
    expect(entry.duration).toBeLessThan(10)
    expect(entry.request_headers).toContain('x-note: here')
    expect(entry.response_headers).toContain('content-type: application/json; charset=utf-8')
    expect((await server.meta('GET', `/workspace/1/request_history/${entry.id}`)).body).toEqual(entry)
    expect((await server.meta('GET', `/workspace/1/request_history/99999999`)).status).toBe(404)
  })

  it('has no secret: marked inputs and columns, names, headers, paths, queries, nested, echoed, and in errors', async () => {
    const headers = { 'x-api-key': canary, cookie: `a=${canary}`, 'x-forwarded-authorization': canary }
    const body = {
      note: canary,
      api_key: canary,
      codeword: canary,
      password: `${canary}-A1`,
      deep: { list: [{ refresh_token: canary }, { fine: 'visible', said: `it was ${canary}` }], authorization: canary },
    }
    await server.call('POST', `${kept}/secrets?access_token=${canary}&x=1`, { body, headers, token: canary })
    const [entry] = await latest()
    expect(entry.input).toMatchObject({ note: masked, api_key: masked, codeword: masked, deep: { authorization: masked } })
    expect(entry.input.deep.list).toEqual([{ refresh_token: masked }, { fine: 'visible', said: `it was ${masked}` }])
    expect(entry.uri).toContain(`access_token=${masked}`)
    expect(entry.output.deep.list[1].fine).toBe('visible')
    await server.call('POST', `${kept}/count/${canary}`, { body: {} })
    expect((await latest())[0].uri).toBe(`${server.url}${kept}/count/${masked}`)
    expect((await server.call('POST', `${kept}/fails`, { body: { token: canary } })).text).toContain(canary)
    const [failed] = await latest()
    expect([failed.status, JSON.stringify(failed.output)]).toEqual([500, expect.stringContaining(masked)])
    expect(await rows()).not.toContain(canary)
  })

  it('has no password, token or hash of a login', async () => {
    const accounts = await accountsOf(server)
    const token = await accounts.token('ann@example.com')
    await accounts.logIn('ann@example.com')
    await accounts.me(token)
    const [me, login] = await latest()
    expect(me).toMatchObject({ auth: 'user:1', status: 200 })
    expect(login).toMatchObject({ input: { email: masked, password: masked }, output: { authToken: masked } })
    const text = await rows()
    // The e-mail address of a fresh instance is marked sensitive.
    for (const secret of [goodPassword, token, 'ann@example.com', '$argon2']) expect(text).not.toContain(secret)
  })

  it('is off where the endpoint or its group says so, and on where the endpoint says so against its group', async () => {
    const before = (await latest())[0].id
    await server.call('POST', `${kept}/off`, { body: {} })
    await server.call('POST', '/api:quietquietquietquietqu/hush', { body: {} })
    expect((await latest())[0].id).toBe(before)
    await server.call('POST', '/api:quietquietquietquietqu/loud', { body: {} })
    expect((await latest())[0].uri).toContain('/loud')
  })

  it('is listed and searched by group, endpoint, status, verb, time, duration and text, in pages', async () => {
    const { query_id, api_id } = (await latest('')).find((entry: { uri: string }) => entry.uri.includes('/loud'))
    expect((await latest(`&query_id=${query_id}`)).every((entry: { query_id: number }) => entry.query_id === query_id)).toBe(true)
    expect((await latest(`&apigroup_id=${api_id}`)).length).toBeGreaterThan(0)
    const find = async (body: unknown) => (await server.meta('POST', '/workspace/1/request_history/search', body)).body
    expect((await find({ status: [500] })).items.map((entry: { status: number }) => entry.status)).toEqual([500])
    expect((await find({ search: { status: 500 } })).items).toHaveLength(1)
    expect((await find({ verb: ['DELETE'] })).items).toEqual([])
    expect((await find({ search: '/plain' })).items).toHaveLength(1)
    expect((await find({ search: { 'duration|>=': 1000 } })).items).toEqual([])
    expect((await find({ search: { 'created_at|>=': Date.now() + 60_000 } })).items).toEqual([])
    const page = await find({ per_page: 1, page: 2, sort: { created_at: 'asc' } })
    expect(page).toMatchObject({ curPage: 2, nextPage: 3, prevPage: 1, items: [expect.not.objectContaining({ output: expect.anything() })] })
    expect((await server.meta('POST', '/workspace/1/request_history/search', { search: { evil: 1 } })).status).toBe(400)
    expect((await server.meta('POST', '/workspace/1/request_history/search', { per_page: 501 })).status).toBe(400)
  })

  it('leaves out what is too large, and keeps the rest of the request', async () => {
    await server.call('POST', `${kept}/plain`, { body: { name: 'x'.repeat(100_000) } })
    expect((await latest())[0]).toMatchObject({ status: 200, input: {}, output: null })
  })
})

describe('R37: modes of the server', () => {
  it.each([
    ['asked', ['/asked']],
    ['off', []],
  ])(
    '%s keeps %j',
    async (mode, expected) => {
      const server = await startListeningServer({ STACKHOLD_REQUEST_HISTORY: mode })
      try {
        await server.pushText(workspace([endpoint('plain', ''), endpoint('asked', 'history = 100')]))
        for (const name of ['plain', 'asked']) await server.call('POST', `/api:keptkeptkeptkeptkeptke/${name}`, { body: {} })
        const { items } = (await server.meta('GET', '/workspace/1/request_history')).body
        expect(items.map((entry: { uri: string }) => new URL(entry.uri).pathname.replace(/^\/[^/]+/, ''))).toEqual(expected)
      } finally {
        await server.close()
      }
    },
    60_000,
  )
})

describe('R37: bounds', () => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await createTestDatabase()
  })
  afterAll(() => test.drop())
  let now = Date.UTC(2030, 0, 1)
  const clock = { now: () => now }
  const count = async () => (await test.database.query<{ n: number }>('select count(*) as n from stackhold.request_history'))[0]!.n
  const entry = (queryId: number): HistoryEntry => ({
    createdAt: now,
    workspaceId: 1,
    branchId: 1,
    apiId: 1,
    queryId,
    verb: 'GET',
    uri: '/',
    status: 200,
    duration: 1,
    input: null,
    output: '1',
    requestHeaders: [],
    responseHeaders: [],
    caller: '',
    ip: '',
    trace: null,
    secrets: new Set(),
  })

  it('keeps the table below its caps: all rows, rows of one endpoint, age', async () => {
    const keep = { rows: 2_000, perEndpoint: 300, hours: 24 }
    const history = createRequestHistory({ db: test.database, clock, room: 1_000, flushMs: 1_000_000, keep })
    let most = 0
    for (let batch = 0; batch < 20; batch++) {
      for (let i = 0; i < 1_000; i++) if (history.admits()) history.record(entry(i % 20))
      await history.flush()
      most = Math.max(most, await count())
    }
    expect(most).toBeLessThanOrEqual(keep.rows + keep.rows / 10)
    const [endpoint] = await test.database.query<{ n: number }>(
      'select max(n) as n from (select count(*) as n from stackhold.request_history group by query_id) c',
    )
    expect(endpoint!.n).toBeLessThanOrEqual(keep.perEndpoint)
    now += 25 * 3_600_000
    for (let i = 0; i < 300; i++) history.record(entry(1))
    await history.flush()
    expect(await count()).toBe(300)
    await history.close()
  }, 60_000)

  it('drops and counts what comes faster than it may, and never makes anyone wait', async () => {
    await test.database.query('truncate stackhold.request_history')
    const history = createRequestHistory({ db: test.database, clock, room: 100, flushMs: 1_000_000 })
    for (let i = 0; i < 5_000; i++) if (history.admits()) history.record(entry(1))
    expect(history.dropped).toBe(4_900)
    await history.flush()
    expect(await count()).toBe(100)
    await history.close()
  })

  it('keeps fewer where answers are large, and has room again after it wrote them', async () => {
    await test.database.query('truncate stackhold.request_history')
    const history = createRequestHistory({ db: test.database, clock, roomForOutput: 10_000, flushMs: 1_000_000 })
    const large = { ...entry(1), output: JSON.stringify('x'.repeat(2_998)) }
    for (let i = 0; i < 20; i++) if (history.admits()) history.record(large)
    expect(history.dropped).toBe(16)
    await history.flush()
    expect(await count()).toBe(4)
    expect(history.admits()).toBe(true)
    await history.close()
  })
})

describe('R37: masking', () => {
  const redactor = () => createRedactor(new Set(['marked']))

  it.each([
    'password',
    'new_password',
    'passwordConfirm',
    'authToken',
    'refresh_token',
    'X-Api-Key',
    'client_secret',
    'Authorization',
    'Set-Cookie',
    'cvv',
    'otp',
    'marked',
  ])('hides %s', (name) => expect(redactor().value(obj([[name, 'value-of-it']]))).toEqual(obj([[name, masked]])))

  it.each(['name', 'email', 'tokens_left_today', 'passenger', 'pinned', 'content'])('shows %s', (name) => {
    const shown = redactor().value(obj([[name, 'value-of-it']]))
    expect(shown).toEqual(obj([[name, name.includes('token') ? masked : 'value-of-it']]))
  })

  it('hides secrets by their form, wherever they are', () => {
    const jwe = `eyJhbGciOiJkaXIi.${'a'.repeat(0)}.${'b'.repeat(16)}.${'c'.repeat(40)}.${'d'.repeat(22)}`
    const hash = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$aGFzaGhhc2hoYXNo'
    const text = redactor().text(`got ${jwe} and ${hash} and shk_${'A'.repeat(43)} fine`)
    expect(text).toBe(`got ${masked} and ${masked} and ${masked} fine`)
  })

  it('takes no longer for texts that were made to take long', () => {
    for (const text of [
      'a'.repeat(500_000),
      'eyJ'.repeat(200_000),
      '?'.repeat(500_000),
      '$2a$'.repeat(100_000),
      'shk_'.repeat(100_000),
      `${'a'.repeat(12)}.`.repeat(40_000),
    ])
      expect(redactor().text(text).length).toBeGreaterThan(0)
    const many = Array.from({ length: 3_000 }, (_, i) => `secret-${i}`)
    expect(
      redactor().value(
        obj([
          ['password', many],
          ['echo', many],
        ]),
      ),
    ).toEqual(
      obj([
        ['password', masked],
        ['echo', many.map(() => masked)],
      ]),
    )
  })

  it('hides what a list under a secret name holds, deep nests and odd values', () => {
    expect(
      redactor().value(
        obj([
          ['recovery_codes', ['aaaa-1', 'bbbb-2']],
          ['said', 'aaaa-1 it was'],
        ]),
      ),
    ).toEqual(
      obj([
        ['recovery_codes', masked],
        ['said', `${masked} it was`],
      ]),
    )
    // A number in whatever type: 12345.0 is sent as 12345.
    expect(
      redactor().value(
        obj([
          ['password', decimalOf(12345)],
          ['echo', decimalOf(12345)],
          ['other', decimalOf(7)],
        ]),
      ),
    ).toEqual(
      obj([
        ['password', masked],
        ['echo', masked],
        ['other', decimalOf(7)],
      ]),
    )
    let deep = obj([['x', 1]])
    for (let i = 0; i < 200; i++) deep = obj([['x', deep]])
    expect(() => redactor().value(deep)).not.toThrow()
    expect(redactor().headers(['Authorization', 'Bearer x', 'X', 'y'])).toEqual([`Authorization: ${masked}`, 'X: y'])
  })
})
