import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPrograms, functionDocument, type Programs } from './program-fixture.js'

let programs: Programs
beforeAll(async () => {
  programs = await createPrograms([
    'table author {\n  schema {\n    int id\n    text name\n  }\n  items = [{id: 1, name: "Ann"}, {id: 2, name: "Bob"}, {id: 3, name: "Cy"}]\n}',
    `table book {
  schema {
    int id
    text title
    int year
    int author_id { table = "author" }
  }
  items = [
    {id: 1, title: "A", year: 1990, author_id: 1}
    {id: 2, title: "B", year: 2000, author_id: 2}
    {id: 3, title: "C", year: 2010, author_id: 1}
    {id: 4, title: "D", year: 2020, author_id: 2}
    {id: 5, title: "E", year: 2020, author_id: 1}
  ]
}`,
    `addon books {
  input {
    int author_id
    json? filter?
    json? order?
    json? paging?
  }

  stack {
    db.query book {
      where = $db.book.author_id == $input.author_id
      additional_where = $input.filter
      sort = {id: "asc"}
      override_sort = $input.order
      override_paging = $input.paging
      return = {type: "list", paging: {page: 1, per_page: 10, metadata: false}}
      output = ["id"]
    }
  }
}`,
    functionDocument(
      'authors',
      '    json? filter?\n    json? order?\n    json? paging?',
      `    db.query author {
      sort = {id: "asc"}
      addon = [{name: "books", input: {author_id: $output.id, filter: $input.filter, order: $input.order, paging: $input.paging}, as: "books"}]
    } as $authors`,
      '$authors|map:(($$.books ?? [])|map:$$.id)',
    ),
    functionDocument(
      'differing',
      '',
      `    db.query author {
      addon = [{name: "books", input: {author_id: $output.id, filter: {"id|>": $output.id}}, as: "books"}]
    } as $authors`,
      '$authors',
    ),
  ])
})
afterAll(() => programs?.drop())

const filter = (op: string, operand: unknown) => ({ expression: [{ statement: { left: { tag: 'col', operand: 'book.year' }, op, right: { operand } } }] })

describe('filters, sorting and paging that an addon takes as data', () => {
  it('are those of its query, in one statement for all rows', async () => {
    expect(await programs.run('authors')).toEqual([[1, 3, 5], [2, 4], []])
    expect(await programs.run('authors', { filter: filter('>=', 2010) })).toEqual([[3, 5], [4], []])
    expect(programs.facts).toHaveLength(2)
    expect(await programs.run('authors', { order: [{ sortBy: 'book.year', orderBy: 'desc' }] })).toEqual([[5, 3, 1], [4, 2], []])
    expect(programs.facts).toHaveLength(2)
    expect(await programs.run('authors', { filter: { 'year|<': 2020 }, order: [{ sortBy: 'id', orderBy: 'desc' }] })).toEqual([[3, 1], [2], []])
    expect(await programs.run('authors', { paging: { page: 2, per_page: 1 } })).toEqual([[3], [4], []])
    expect(programs.facts).toHaveLength(2)
  })

  it('are checked like those of any query', async () => {
    await expect(programs.run('authors', { filter: { 'nothing|=': 1 } })).rejects.toMatchObject({ status: 400 })
    await expect(programs.run('authors', { order: [{ sortBy: 'nothing', orderBy: 'asc' }] })).rejects.toMatchObject({ status: 400 })
  })

  it('cannot differ between rows', async () => {
    await expect(programs.run('differing')).rejects.toThrow('must be the same for every row')
  })
})
