/** A request with an `Idempotency-Key` is carried out once, whatever happens around it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { type Accounts, accountsOf, addMember, goodPassword, memberToken, memberWorkspace } from './accounts.js'

const workspace = `${memberWorkspace}
---
table entry {
  schema {
    int id
    text title
    text by
  }
}
---
query entry verb=POST {
  api_group = "members"
  auth = "member"
  input {
    text title
    int wait?
    bool fail?
  }
  stack {
    db.add entry {
      data = {title: $input.title, by: $auth.id|to_text}
    } as $row
    conditional {
      if ($input.wait > 0) {
        util.sleep {
          value = $input.wait
        }
      }
    }
    precondition ($input.fail != true) {
      error = "It broke."
    }
    util.set_header {
      value = "X-Entry: made"
    }
  }
  response = $row
}
---
query entry verb=GET {
  api_group = "members"
  auth = "member"
  input {
  }
  stack {
    db.add entry {
      data = {title: "read", by: "get"}
    } as $row
  }
  response = $row
}
---
query note verb=POST {
  api_group = "members"
  public = "test"
  input {
    text title
  }
  stack {
    db.add entry {
      data = {title: $input.title, by: "public"}
    } as $row
  }
  response = {id: $row.id, title: $input.title}
}
---
query note verb=PUT {
  api_group = "members"
  public = "test"
  input {
    text title
  }
  stack {
    db.add entry {
      data = {title: $input.title, by: "put"}
    } as $row
  }
  response = $row.id
}`

let server: ListeningServer
let node: { url: string; close(): Promise<void> }
let accounts: Accounts
let ada = ''
let ben = ''
beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_TRUST_PROXY: 'true', STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
  await server.pushText(workspace)
  accounts = await accountsOf(server)
  node = await server.addNode()
  ada = await memberToken(server, await addMember(server, 'ada@example.com'))
  ben = await memberToken(server, await addMember(server, 'ben@example.com'))
}, 60_000)
afterAll(async () => {
  await node.close()
  await server.close()
})

let last = 0
const newKey = (): string => `key-${++last}`
const post = (key: string, body: object, { token = ada, path = '/api:members/entry', method = 'POST', url = server.url, ip = '192.0.2.1' } = {}) =>
  server.call(method, path, { body, token, url, headers: { 'idempotency-key': key, 'x-forwarded-for': ip } })
const entries = async (title: string): Promise<number> =>
  Number((await server.query<{ n: number }>('select count(*)::int as n from ws_1_live.entry where title = $1', [title]))[0]?.n)

it('the first answer is given again: status, body, headers of the program; nothing runs twice, on no node', async () => {
  const key = newKey()
  const first = await post(key, { title: 'one' })
  expect([first.status, first.headers.get('x-entry'), first.headers.get('idempotency-replayed')]).toEqual([200, 'made', null])
  for (const url of [server.url, node.url]) {
    const again = await post(key, { title: 'one' }, { url })
    expect([again.status, again.text, again.headers.get('x-entry'), again.headers.get('idempotency-replayed')]).toEqual([200, first.text, 'made', 'true'])
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'))
    expect(again.headers.get('cache-control')).toBe('no-store')
  }
  expect(await entries('one')).toBe(1)
})

it('an error is an answer too: 500 and 400 are given again', async () => {
  const key = newKey()
  const first = await post(key, { title: 'broken', fail: true })
  expect([first.status, first.body.message]).toEqual([500, 'It broke.'])
  const again = await post(key, { title: 'broken', fail: true })
  expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([500, first.text, 'true'])
  const wrong = newKey()
  expect((await post(wrong, {})).status).toBe(400)
  expect((await post(wrong, {})).headers.get('idempotency-replayed')).toBe('true')
})

it('other parameters are an error, and run nothing', async () => {
  const key = newKey()
  await post(key, { title: 'two' })
  for (const [body, path] of [
    [{ title: 'two!' }, '/api:members/entry'],
    [{ title: 'two' }, '/api:members/entry?wait=0'],
  ] as const) {
    const other = await post(key, body, { path })
    expect([other.status, other.body.message]).toEqual([422, 'This Idempotency-Key was used for a request with other parameters.'])
  }
  expect([await entries('two'), await entries('two!')]).toEqual([1, 0])
})

it('fifty at once over two nodes run once; the others are 409 or get the answer', async () => {
  const key = newKey()
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => post(key, { title: 'burst', wait: 1 }, { url: n % 2 === 0 ? server.url : node.url })))
  expect(await entries('burst')).toBe(1)
  const done = answers.filter(({ status }) => status === 200)
  expect(done.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1)
  expect(new Set(done.map(({ text }) => text)).size).toBe(1)
  const busy = answers.filter(({ status }) => status === 409)
  expect(busy.length + done.length).toBe(50)
  expect(busy.length).toBeGreaterThan(0)
  for (const { headers } of busy) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
})

it('a key belongs to its caller, its endpoint and its verb', async () => {
  const key = newKey()
  const mine = await post(key, { title: 'bound' })
  const yours = await post(key, { title: 'bound' }, { token: ben })
  expect([yours.status, yours.body.by, yours.headers.get('idempotency-replayed')]).not.toEqual([200, mine.body.by, 'true'])
  expect(yours.body.id).not.toBe(mine.body.id)
  const first = await post(key, { title: 'bound' }, { path: '/api:members/note', ip: '192.0.2.1' })
  const stranger = await post(key, { title: 'bound' }, { path: '/api:members/note', ip: '192.0.2.2' })
  expect(first.status === 200 && stranger.status === 200 && first.body.id !== stranger.body.id).toBe(true)
  expect((await post(key, { title: 'bound' }, { path: '/api:members/note', ip: '192.0.2.1' })).body.id).toBe(first.body.id)
  expect((await post(key, { title: 'bound' }, { path: '/api:members/note', method: 'PUT' })).status).toBe(200)
  expect(await entries('bound')).toBe(5)
  expect((await post(key, { title: 'bound' }, { token: 'wrong' })).status).toBe(401)
})

it('reading pays no heed to it', async () => {
  const key = newKey()
  const call = () => server.call('GET', '/api:members/entry', { token: ada, headers: { 'idempotency-key': key } })
  expect((await call()).body.id).not.toBe((await call()).body.id)
})

it.each(['', 'a'.repeat(256), 'ключ'.replace(/./g, '\u00ff')])('%j is no key', async (key) => {
  const answer = await server.call('POST', '/api:members/note', { body: { title: 'nokey' }, headers: { 'idempotency-key': key } })
  expect(answer.status).toBe(400)
  expect(await entries('nokey')).toBe(0)
})

it('255 characters are', async () => {
  const key = 'k'.repeat(255)
  expect([(await post(key, { title: 'long' })).status, (await post(key, { title: 'long' })).headers.get('idempotency-replayed')]).toEqual([200, 'true'])
})

it('answers are kept for a day, then the key is new', async () => {
  const key = newKey()
  await post(key, { title: 'day' })
  const [row] = await server.query<{ hours: number }>(`select extract(epoch from max(expires_at) - now()) / 3600 as hours from stackhold.idempotency_key`)
  expect(Number(row?.hours)).toBeGreaterThan(23.9)
  await server.query(`update stackhold.idempotency_key set expires_at = now() - interval '1 second'`)
  expect((await post(key, { title: 'another day' })).headers.get('idempotency-replayed')).toBeNull()
  expect(await entries('another day')).toBe(1)
})

it('a request whose server died may be carried out by the next try, with the same parameters only', async () => {
  const key = newKey()
  await post(key, { title: 'died' })
  await server.query(`update stackhold.idempotency_key set answer = null`)
  expect((await post(key, { title: 'died' })).status).toBe(409)
  await server.query(`update stackhold.idempotency_key set claimed_until = now() - interval '1 second'`)
  expect((await post(key, { title: 'died otherwise' })).status).toBe(422)
  expect((await post(key, { title: 'died' })).status).toBe(200)
  expect(await entries('died')).toBe(2)
})

it('an answer too large to keep is not made twice', async () => {
  const key = newKey()
  const body = { title: 'large'.repeat(14_000) }
  expect((await post(key, body, { path: '/api:members/note' })).status).toBe(200)
  const again = await post(key, body, { path: '/api:members/note' })
  expect([again.status, again.body.message]).toEqual([409, 'The request was carried out; its answer was too large to be kept.'])
  expect(await entries(body.title)).toBe(1)
})

it('a form that is sent again with another boundary is the same request', async () => {
  const key = newKey()
  const send = async () => {
    const form = new FormData()
    form.append('title', 'form')
    const answer = await fetch(`${server.url}/api:members/note`, { method: 'POST', body: form, headers: { 'idempotency-key': key } })
    return answer.text()
  }
  expect(await send()).toBe(await send())
  expect(await entries('form')).toBe(1)
})

it('tokens of a login are not readable where they are kept, and count as tries', async () => {
  await accounts.signUp('kept@example.com')
  const login = () =>
    server.call('POST', `${accounts.base}/auth/login`, {
      body: { email: 'kept@example.com', password: goodPassword },
      headers: { 'idempotency-key': 'login-1' },
    })
  const first = await login()
  expect(first.status).toBe(200)
  expect((await login()).body.authToken).toBe(first.body.authToken)
  const rows = await server.query<{ text: string }>(
    `select encode(id, 'escape') || encode(fingerprint, 'escape') || coalesce(encode(answer, 'escape'), '') as text from stackhold.idempotency_key`,
  )
  expect(rows.length).toBeGreaterThan(0)
  for (const { text } of rows) expect(text).not.toMatch(/authToken|kept@example|login-1|eyJ/)
})

it('an answer moved to another key is not given out', async () => {
  const [one, two] = [newKey(), newKey()]
  await post(one, { title: 'moved 1' })
  await post(two, { title: 'moved 2' })
  const rows = await server.query<{ id: Buffer; answer: Buffer }>(
    'select id, answer from stackhold.idempotency_key where answer is not null order by expires_at desc limit 2',
  )
  await server.query('update stackhold.idempotency_key set answer = $1 where id = $2', [rows[0]?.answer, rows[1]?.id])
  expect((await post(one, { title: 'moved 1' })).status).toBe(500)
})

it('without the header nothing is stored', async () => {
  const count = async () => (await server.query('select 1 from stackhold.idempotency_key')).length
  const before = await count()
  await server.call('POST', '/api:members/note', { body: { title: 'plain' } })
  expect(await count()).toBe(before)
})
