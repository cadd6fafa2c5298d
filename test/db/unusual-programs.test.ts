/** Programs that are unusual and legal, through the server: the answer is what the reference says, and what plain SQL answers where there is some. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

interface Case {
  name: string
  in?: unknown
  stack: string
  response: string
  /** One value `v` that must be the answer. */
  sql?: string
  status?: number
  answer: unknown
}

const cases = JSON.parse(readFileSync(new URL('../cases/db-programs.json', import.meta.url), 'utf8')) as Case[]
const tables = `table author {
  schema {
    int id
    text name
    text? country?
    date? born?
    decimal? score?
    text[] tags?
    json? meta?
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "name"}]}
  ]
}
---
table book {
  schema {
    int id
    timestamp created_at?=now
    int? author_id? { table = "author" }
    text title
    decimal? price?
    int year?
    text[] genres?
    int[] ratings?
    json? info?
    bool published?
    enum? kind? { values = ["novel", "poem"] }
  }
}
---
table loan {
  schema {
    int id
    int book_id { table = "book" }
    text reader
    int days?
    timestamp? back_at?
  }
}
---
table order {
  schema {
    uuid id
    text select?
    text from?
  }
}
---
table key_value {
  schema {
    int id
    text key
    text? value?
    int n?
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "key"}]}
  ]
}
---
api_group unusual {
  canonical = "unusual"
}
---
function attempt {
  input {
    text key
  }
  stack {
    try_catch {
      try {
        db.add key_value {
          data = {key: $input.key}
        } as $row
        var $result {
          value = $row.key
        }
      }
      catch {
        var $result {
          value = "taken"
        }
      }
    }
  }
  response = $result
}
---
addon author_of {
  input {
    int? author_id?
  }
  stack {
    db.query author {
      where = $db.author.id == $input.author_id
      return = {type: "single"}
      output = ["id", "name"]
    }
  }
}
---
addon books_of {
  input {
    int author_id
  }
  stack {
    db.query book {
      where = $db.book.author_id == $input.author_id
      sort = {id: "asc"}
      output = ["id", "title", "author_id"]
    }
  }
}
---
addon loans_of {
  input {
    int book_id
  }
  stack {
    db.query loan {
      where = $db.loan.book_id == $input.book_id
      sort = {id: "desc"}
    }
  }
}
---
addon loan_count {
  input {
    int book_id
  }
  stack {
    db.query loan {
      where = $db.loan.book_id == $input.book_id
      return = {type: "count"}
    }
  }
}`
const rows = `truncate ws_1_live.author, ws_1_live.book, ws_1_live.loan, ws_1_live."order", ws_1_live.key_value, ws_1_test.key_value restart identity;
insert into ws_1_live.author (name, country, born, score, tags, meta) values
 ('Ann', 'DE', '1970-01-01', 4.5, '{a,b}', '{"city":"Bonn","langs":["de","en"],"nested":{"n":1}}'),
 ('Bob', 'US', '1980-05-05', null, '{}', '{"city":"NYC","langs":[],"nested":{"n":2},"n":"7"}'),
 ('Cid', null, null, 2.25, '{b,c}', null),
 ('Dee', 'DE', '1990-12-31', 1, '{c}', '{}');
insert into ws_1_live.book (created_at, author_id, title, price, year, genres, ratings, info, published, kind) values
 ('2024-01-01', 1, 'Alpha', 10, 2000, '{novel,war}', '{5,4}', '{"pages":100,"tags":["x","y"]}', true, 'novel'),
 ('2024-02-01', 1, 'beta', 5.5, 2001, '{poem}', '{}', '{"pages":200,"tags":[]}', false, 'poem'),
 ('2024-03-01', 2, 'Gamma 100%', null, 2002, '{}', '{3}', null, true, null),
 ('2024-04-01', 2, 'delta_x', 7.25, 2003, '{war}', '{1,2,3}', '{"pages":"many"}', true, 'novel'),
 ('2024-05-01', 3, 'Epsilon', 0, 2004, '{novel}', '{4}', '{"pages":50,"tags":["y"]}', false, 'novel'),
 ('2024-06-01', null, 'ALPHA', 12, 2000, '{}', '{}', '{"a":{"b":[{"c":1},{"c":2}]}}', true, null);
insert into ws_1_live.loan (book_id, reader, days, back_at) values (1, 'r1', 3, '2024-01-05'), (1, 'r2', 10, null), (2, 'r1', 0, null), (4, 'r3', 7, '2024-07-01'), (4, 'r1', 1, null), (99, 'r9', 1, null);
insert into ws_1_live.key_value (key, value, n) values ('a', 'x', 1), ('b', null, 2);
insert into ws_1_test.key_value (key, value, n) values ('t', 'test', 5);`

let server: TestServer
const push = (text: string) => server.meta('POST', '/workspace/1/multidoc?partial=true', text)
beforeAll(async () => {
  server = await createServer()
  await server.meta('POST', '/workspace/1/datasource', { label: 'test' })
  expect((await push(tables)).status).toBe(200)
}, 60_000)
afterAll(() => server.close())
beforeEach(async () => {
  for (const statement of rows.split(';\n')) await server.instance.db.query(statement)
})

const endpoint = ({ stack, response }: Case): string =>
  `query t verb=POST {\n  api_group = "unusual"\n  public = "test"\n  input {\n    json in?\n  }\n  stack {\n${stack}\n  }\n  response = ${response}\n}`

describe('database programs', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const saved = await push(endpoint(one))
    expect([saved.status, saved.text]).toEqual([200, expect.any(String)])
    const expected = one.sql === undefined ? undefined : (await server.instance.db.query<{ v: unknown }>(one.sql))[0]?.v
    const answer = await server.api('POST', 'unusual/t', { in: one.in ?? {} })
    expect(answer.status).toBe(one.status ?? 200)
    if (one.status === undefined) expect(answer.body).toEqual(one.answer)
    else expect(answer.body).toMatchObject(one.answer as object)
    if (expected !== undefined) expect(answer.body).toEqual(expected)
  })

  it('write decimals as short as they are', async () => {
    await push(
      endpoint({
        name: '',
        stack:
          'db.query book {\n  where = $db.book.id in [1, 4]\n  eval = {twice: $db.book.price|mul:2}\n  sort = {id: "asc"}\n  output = ["twice", "price"]\n} as $x',
        response: '$x',
        answer: null,
      }),
    )
    expect((await server.api('POST', 'unusual/t', { in: {} })).text).toBe('[{"twice":20,"price":10},{"twice":14.5,"price":7.25}]')
    await push(
      endpoint({ name: '', stack: 'db.query book {\n  return = {type: "aggregate", eval: {mean: $db.book.year|avg}}\n} as $x', response: '$x', answer: null }),
    )
    expect((await server.api('POST', 'unusual/t', { in: {} })).text).toBe('[{"mean":2001.6666666666666667}]')
  })
})
