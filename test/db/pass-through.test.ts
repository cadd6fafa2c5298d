/** Rows that Postgres writes as JSON: the same answer as when we read and write every value ourselves, and never where anybody looks into them. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isObj, RawJson, type Value } from '../../src/lib/value.js'
import { createPrograms, functionDocument, type Programs } from './program-fixture.js'

const thing = `table thing {
  schema {
    int id
    text name
    int? n?
    decimal? d?
    bool b?
    uuid u?
    email mail?
    enum e? { values = ["one", "two"] }
    timestamp at?
    date day?
    json j?
    object o? {
      schema {
        text k?
      }
    }
    vector v? { size = 3 }
    text[] texts?
    int[] ints?
    decimal[] decimals?
    json[] jsons?
    geo_point place?
    password pass?
    text secret? { access = "internal" }
  }
}`
const other = 'table other {\n  schema {\n    int id\n    int thing_id?\n    timestamp seen?\n  }\n}'

const list = '    db.query thing {\n      sort = {id: "asc"}\n    } as $rows'
const page = '    db.query thing {\n      sort = {id: "desc"}\n      return = {type: "list", paging: {page: 1, per_page: 3, totals: true}}\n    } as $page'
const one = '    db.get thing {\n      field_name = "id"\n      field_value = $input.id\n    } as $row'

/** Programs whose rows pass through. */
const passing: Record<string, [inputs: string, stack: string, response: string]> = {
  list: ['', list, '$rows'],
  page: ['', page, '$page'],
  bare_page: ['', page.replace('totals: true', 'metadata: false'), '$page'],
  one: ['    int id?=1', one, '$row'],
  none: ['    int id?=0', one, '$row'],
  single: ['', '    db.query thing {\n      where = $db.thing.n > 0\n      return = {type: "single"}\n    } as $row', '$row'],
  literal: ['    int id?=1', `${list}\n${one}`, '{rows: $rows, deep: {first: $row, again: $rows}, list: [$row, 1, "x"]}'],
  output: ['', '    db.query thing {\n      output = ["at", "name", "id", "pass"]\n    } as $rows', '$rows'],
  computed: [
    '',
    '    db.query thing {\n      where = $db.thing.name != ""\n      join = {other: {table: "other", type: "left", where: $db.other.thing_id == $db.thing.id}}\n      eval = {seen: $db.other.seen, half: $db.thing.d|div:2, year: $db.thing.at|timestamp_year, up: $db.thing.name|to_upper, far: $db.thing.v|l2_distance_euclidean:[1,2,3], k: $db.thing.j.k}\n      output = ["id", "seen", "half", "year", "up", "far", "k"]\n      sort = {id: "asc", seen: "asc"}\n    } as $rows',
    '$rows',
  ],
  filtered: ['    json filter?', '    db.query thing {\n      additional_where = $input.filter\n    } as $rows', '$rows'],
  checked: ['    int id?=1', `${one}\n    precondition ($row != null && null !== $row) {\n      error_type = "notfound"\n    }`, '$row'],
  distinct: [
    '',
    '    db.query thing {\n      return = {type: "list", distinct: "yes"}\n      output = ["at"]\n      sort = {at: "asc"}\n    } as $rows',
    '$rows',
  ],
  pruned: ['', '    db.query thing {\n      output = ["id", "o.k", "name"]\n    } as $rows', '$rows'],
  grouped: [
    '',
    '    db.query thing {\n      return = {type: "aggregate", group: {day: $db.thing.day}, eval: {n: $db.thing.id|count, last: $db.thing.at|min, mean: $db.thing.d|avg}}\n    } as $rows',
    '$rows',
  ],
  branches: ['    int id?=1', `    conditional {\n      if ($input.id > 0) {\n${list}\n      }\n    }`, '{rows: $rows}'],
}
/** Programs in which something looks into the rows. */
const looking: Record<string, [inputs: string, stack: string, response: string]> = {
  member: ['', page, '{items: $page.items}'],
  filter: ['', list, '$rows|count'],
  alternative: ['', list, '$rows ?? []'],
  read_in_stack: ['', `${list}\n    var $n {\n      value = $rows|count\n    }`, '$rows'],
  copied: ['', `${list}\n    var $copy {\n      value = $rows\n    }`, '$copy'],
  changed: ['', `${list}\n    array.push $rows {\n      value = 1\n    }`, '$rows'],
  looped: ['', `${list}\n    foreach ($rows) {\n      each as $row {\n        debug.log {\n          value = $row.id\n        }\n      }\n    }`, '$rows'],
  all_variables: ['', `${list}\n    util.get_vars as $vars`, '[$rows, $vars]'],
  whole: ['', list, '[$rows, $var]'],
  written_twice: ['', `${list}\n    var $rows {\n      value = []\n    }`, '$rows'],
  mixed: ['', page, '[$page, $page.itemsReceived]'],
  spread: ['    int id?=1', one, '{...$row}'],
  nested_store: ['    int id?=1', `    var $x {\n      value = {}\n    }\n${one.replace('$row', '$x.row')}`, '$x'],
  piped: ['', list.replace('$rows', '$rows|first'), '$rows'],
  compared: ['    int id?=1', `${one}\n    precondition ($row != false)`, '$row'],
  returned: ['', `${list}\n    return {\n      value = $rows\n    }`, '$rows'],
}

const entries = [...Object.entries(passing), ...Object.entries(looking)]
let programs: Programs
let schema = ''
beforeAll(async () => {
  programs = await createPrograms([thing, other, ...entries.map(([name, [inputs, stack, response]]) => functionDocument(name, inputs, stack, response))])
  schema = `"ws_${programs.instance.workspaceId}_live"`
  await programs.instance.db.query(`insert into ${schema}.thing (name, n, d, b, u, mail, e, at, day, j, o, v, texts, ints, decimals, jsons, place, pass, secret) values
    ('plain', 1, 1.5, true, '00000000-0000-4000-8000-000000000000', 'a@b.co', 'one', '2024-01-31T22:45:30.123Z', '2024-01-31', '{"k": [1, {"z": null, "a": "x"}]}', '{"k": "v"}', '{1,2.5,-3e-7}', '{a,"b\\"c"}', '{1,2}', '{1.5,2.00}', '[{"a": 1}]', '{"type": "point", "data": {"lng": 1, "lat": 2}}', 'hash', 'hidden')`)
  await programs.instance.db.query(
    `insert into ${schema}.thing (name, n, d, at) values (E'quote " slash \\\\ line\\n tab\\t nul-ish \\u0001 é 😀 </script>', -9007199254740991, 12345678901234567890.123456789012345, '1969-12-31T23:59:59.9995Z'), ('', 0, 0.1, 'infinity'), ('far', 5, 100.00, '9999-12-31T23:59:59.999999Z')`,
  )
  await programs.instance.db.query(`insert into ${schema}.thing (name) select 'n' || i from generate_series(1, 3) i`)
  await programs.instance.db.query(`insert into ${schema}.other (thing_id, seen) values (1, '2020-02-29T12:00:00.000001Z'), (1, null), (2, '1000-01-01Z')`)
})
afterAll(() => programs.drop())

const holdsRaw = (value: Value): boolean => {
  if (value instanceof RawJson) return true
  if (Array.isArray(value)) return value.some(holdsRaw)
  return isObj(value) && [...value.values()].some(holdsRaw)
}

describe('a result that only leaves', () => {
  it.each(Object.keys(passing))('is the text of Postgres, and reads the same: %s', async (name) => {
    const value = await programs.answerValue(name)
    if (name !== 'none') expect(holdsRaw(value)).toBe(true)
    expect(await programs.answer(name)).toEqual(await programs.run(name))
    expect(JSON.stringify(await programs.answer(name))).toBe(JSON.stringify(await programs.run(name)))
  })

  it('leaves what is hidden out', async () => {
    expect(JSON.stringify(await programs.answer('list'))).not.toMatch(/secret|hidden|hash/)
    expect(await programs.answer('output')).toMatchObject([{ pass: 'hash' }, {}, {}, {}, {}, {}, {}])
  })

  it('is never made for anybody but the writer of a response', async () => {
    const { instance } = programs
    await instance.push(functionDocument('caller', '', '    function.run "list" as $rows', '{n: $rows|count, rows: $rows}'))
    expect(holdsRaw(await programs.answerValue('caller'))).toBe(false)
    expect(await programs.answer('caller')).toMatchObject({ n: 7 })
  })

  it('takes the filters of callers', async () => {
    const filter = { expression: [{ statement: { left: { tag: 'col', operand: 'thing.n' }, op: '=', right: { operand: 5 } } }] }
    expect(await programs.answer('filtered', { filter })).toEqual(await programs.run('filtered', { filter }))
    expect(await programs.answer('filtered', { filter })).toHaveLength(1)
  })
})

describe('a result that something looks into', () => {
  it.each(Object.keys(looking))('is made of values: %s', async (name) => {
    expect(holdsRaw(await programs.answerValue(name))).toBe(false)
    expect(await programs.answer(name)).toEqual(await programs.run(name))
  })
})

describe('any row', () => {
  it('reads the same both ways', async () => {
    const row = fc.record({
      name: fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => !text.includes('\0') && Buffer.from(text).toString() === text),
      n: fc.option(fc.maxSafeInteger()),
      d: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      at: fc.option(fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })),
      j: fc.jsonValue(),
      v: fc.option(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 })),
    })
    await fc.assert(
      fc.asyncProperty(row, async ({ name, n, d, at, j, v }) => {
        const json = JSON.stringify(j).replaceAll('\\u0000', '')
        const { db } = programs.instance
        await db.query(`update ${schema}.thing set name = $1, n = $2, d = $3, at = $4, j = $5, v = $6 where id = 1`, [
          name,
          n,
          d,
          at?.toISOString() ?? null,
          json,
          v,
        ])
        expect(JSON.stringify(await programs.answer('one'))).toBe(JSON.stringify(await programs.run('one')))
      }),
      { numRuns: 150 },
    )
  })
})
