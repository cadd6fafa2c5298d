/**
 * Every scalar input sent as something else: it is coerced as documented or refused, and never reaches a query as an operator.
 * Classes: Parse CVE-2026-30941 (a token as object), Fastify CVE-2026-18504 (the coerced value checked, the raw one used).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

const scalars = ['int', 'decimal', 'text', 'bool', 'email', 'password', 'uuid', 'timestamp', 'date'] as const
const documents = `
api_group kinds {
  canonical = "kinds"
}
---
table account {
  schema {
    int id
    text token
    int rank
    bool active
  }
}
---
${scalars
  .map(
    (type) => `query ${type} verb=POST {
  api_group = "kinds"
  public = "test"
  input {
    ${type} value
  }
  stack {
  }
  response = {value: $input.value}
}`,
  )
  .join('\n---\n')}
---
query find verb=POST {
  api_group = "kinds"
  public = "test"
  input {
    text token
  }
  stack {
    db.get account {
      field_name = "token"
      field_value = $input.token
    } as $row
  }
  response = $row
}
---
query find_where verb=POST {
  api_group = "kinds"
  public = "test"
  input {
    text token
    int rank?
  }
  stack {
    db.query account {
      where = $db.account.token == $input.token && $db.account.rank >=? $input.rank
    } as $rows
  }
  response = $rows
}
`

const structures: unknown[] = [
  { $ne: null },
  { $gt: '' },
  { $regex: '.*' },
  { operand: 'x', tag: 'col' },
  { __op: 'Delete' },
  { like: '%' },
  {},
  { length: 1 },
  { toString: 'x' },
  [],
  [null],
  ['a'],
  [['a']],
  [1, 2],
  [{ $ne: null }],
]

let server: TestServer
beforeAll(async () => {
  server = await createServer({ fresh: false, env: { STACKHOLD_ENV: 'production' } })
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents)
  expect([pushed.status, pushed.body?.message]).toEqual([200, undefined])
  await server.instance.db.query(`insert into ws_1_live.account (token, rank, active) values ('TOKEN-1', 1, true), ('TOKEN-2', 2, true)`)
})
afterAll(() => server.close())

describe('scalars sent as something else', () => {
  it.each(scalars)('%s is never an object or a list', async (type) => {
    for (const value of structures) {
      const answer = await server.api('POST', `kinds/${type}`, { value })
      expect([value, answer.status]).toEqual([value, 400])
      expect(answer.body).toMatchObject({ code: 'ERROR_CODE_INPUT_ERROR', payload: { param: 'value' } })
    }
  })

  it('no input that a query looks for finds a row it does not name', async () => {
    for (const value of [...structures, true, 1, 0, null, '%', '', '*']) {
      for (const path of ['find', 'find_where']) {
        const answer = await server.api('POST', `kinds/${path}`, { token: value, rank: value })
        expect([path, value, answer.status < 500]).toEqual([path, value, true])
        expect(answer.text).not.toContain('TOKEN-')
      }
    }
    expect((await server.api('POST', 'kinds/find', { token: 'TOKEN-1' })).body).toMatchObject({ id: 1 })
  })

  it('numbers, truth values and text are converted where that is documented, and refused elsewhere', async () => {
    const value = async (type: string, given: unknown) => (await server.api('POST', `kinds/${type}`, { value: given })).body?.value ?? 'refused'
    expect([
      await value('int', '12'),
      await value('int', '12abc'),
      await value('int', '0x10'),
      await value('int', '1e1000'),
      await value('int', true),
    ]).not.toContain('12abc')
    expect(await value('text', 5)).toBe('5')
    expect(await value('int', '12')).toBe(12)
    for (const wrong of ['12abc', 'NaN', 'Infinity', '1;drop table account']) expect([wrong, await value('int', wrong)]).toEqual([wrong, 'refused'])
    for (const wrong of ['not-a-uuid', "' or 1=1", 5]) expect([wrong, await value('uuid', wrong)]).toEqual([wrong, 'refused'])
    for (const wrong of ['nobody', 'a@', '@b', 'a@b@c']) expect([wrong, await value('email', wrong)]).toEqual([wrong, 'refused'])
  })

  it('the same input twice in a query string is no list for a scalar', async () => {
    const response = await server.app.inject({
      method: 'POST',
      url: '/api:kinds/find?token=TOKEN-1&token=TOKEN-2',
      headers: { 'content-type': 'application/json' },
      payload: '{}',
    })
    expect(response.body.match(/TOKEN-/g)?.length ?? 0).toBeLessThanOrEqual(1)
    expect(response.statusCode).toBeLessThan(500)
  })
})
