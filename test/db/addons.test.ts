import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPrograms, functionDocument, type Programs } from './program-fixture.js'

const tables = [
  `table author {
  schema {
    int id
    text name
    int country_id? { table = "country" }
  }
  items = [{id: 1, name: "Ann", country_id: 1}, {id: 2, name: "Bob", country_id: 2}, {id: 3, name: "Cy"}]
}`,
  `table country {
  schema {
    int id
    text name
  }
  items = [{id: 1, name: "Austria"}, {id: 2, name: "Brazil"}]
}`,
  `table book {
  schema {
    int id
    text title
    int? author_id? { table = "author" }
    text[] tags
    json meta?
  }
  items = [
    {id: 1, title: "A", author_id: 1, tags: ["x", "a\\"b"]}
    {id: 2, title: "B", author_id: 2, tags: []}
    {id: 3, title: "C", author_id: 1, tags: ["x"]}
    {id: 4, title: "D", tags: ["y"]}
    {id: 5, title: "E", author_id: 3, tags: ["x"]}
  ]
}`,
]
const addons = [
  `addon author {
  input {
    int author_id?
  }

  stack {
    db.query author {
      where = $db.author.id == $input.author_id
      return = {type: "single"}
    }
  }
}`,
  `addon country {
  input {
    int id
  }

  stack {
    db.get country {
      field_name = "id"
      field_value = $input.id
    }
  }
}`,
  `addon books {
  input {
    int author_id
    int size?=10
  }

  stack {
    db.query book {
      where = $db.book.author_id == $input.author_id
      sort = {title: "desc"}
      return = {type: "list", paging: {page: 1, per_page: $input.size, totals: true}}
    }
  }
}`,
  `addon book_count {
  input {
    int author_id
  }

  stack {
    db.query book {
      where = $db.book.author_id == $input.author_id
      return = {type: "count"}
    }
  }
}`,
  `addon alike {
  input {
    text[] tags
    int id
  }

  stack {
    db.query book {
      where = $db.book.tags overlaps $input.tags && $db.book.id != $input.id
      sort = {id: "asc"}
      output = ["id"]
    }
  }
}`,
  `addon optional_author {
  input {
    int? author_id?
    text? name?
  }

  stack {
    db.query author {
      where = $db.author.id ==? $input.author_id && $db.author.name ==? $input.name
      return = {type: "list"}
      output = ["name"]
    }
  }
}`,
]

const bookList = (addon: string, more = ''): string => `    db.query book {
      sort = {id: "asc"}
      ${more}
      addon = ${addon}
    } as $books`

const functions = [
  functionDocument('single', '', bookList('[{name: "author", input: {author_id: $output.author_id}, as: "author", output: ["name"]}]'), '$books'),
  functionDocument(
    'nested',
    '',
    bookList(
      '[{name: "author", input: {author_id: $output.author_id}, as: "items.people.author", addon: [{name: "country", input: {id: $output.country_id}, as: "country", output: ["name"]}]}]',
      'return = {type: "list", paging: {page: 1, per_page: 3}}\n      output = ["itemsReceived", "items.id"]',
    ),
    '$books',
  ),
  functionDocument(
    'object_form',
    '',
    `    db.get author {
      field_name = "id"
      field_value = 1
      addon = {
        works: {name: "books", input: {author_id: $output.id, size: 1}, output: ["items.title"]}
        n: {name: "book_count", input: {author_id: $output.id}}
      }
    } as $author`,
    '$author',
  ),
  functionDocument('lists', '', bookList('[{name: "alike", input: {tags: $output.tags, id: $output.id}, as: "alike"}]', 'output = ["id"]'), '$books'),
  functionDocument(
    'shapes',
    '    text? wanted?',
    bookList('[{name: "optional_author", input: {author_id: $output.author_id, name: $input.wanted}, as: "people"}]', 'output = ["id"]'),
    '$books',
  ),
  functionDocument(
    'writes',
    '',
    `    db.add book {
      data = {title: "F", author_id: 2, tags: []}
      addon = [{name: "author", input: {author_id: $output.author_id}, as: "author", output: ["name"]}]
    } as $added
    db.edit book {
      field_name = "id"
      field_value = $added.id
      data = {author_id: 1}
      addon = [{name: "author", input: {author_id: $output.author_id}, as: "author", output: ["name"]}]
    } as $edited
    db.del book {
      field_name = "id"
      field_value = $added.id
    }`,
    '[$added.author, $edited.author]',
  ),
  functionDocument(
    'none',
    '',
    `    db.query book {\n      where = $db.book.id == 99\n      addon = [{name: "author", input: {author_id: $output.author_id}, as: "author"}]\n    } as $books`,
    '$books',
  ),
]

let programs: Programs
beforeAll(async () => {
  programs = await createPrograms([...tables, ...addons, ...functions])
})
afterAll(() => programs.drop())

describe('addons', () => {
  it('enrich every row with one statement; rows without an answer have no key', async () => {
    const books = (await programs.run('single')) as { id: number; author?: unknown }[]
    expect(books.map(({ id, author }) => [id, author])).toEqual([
      [1, { name: 'Ann' }],
      [2, { name: 'Bob' }],
      [3, { name: 'Ann' }],
      [4, undefined],
      [5, { name: 'Cy' }],
    ])
    expect(books[3]).not.toHaveProperty('author')
    expect(programs.facts).toHaveLength(2)
  })

  it('nest, one statement per level, and reach the rows of a page', async () => {
    expect(await programs.run('nested')).toEqual({
      itemsReceived: 3,
      curPage: 1,
      nextPage: 2,
      prevPage: null,
      offset: 0,
      perPage: 3,
      items: [
        { id: 1, people: { author: { id: 1, name: 'Ann', country_id: 1, country: { name: 'Austria' } } } },
        { id: 2, people: { author: { id: 2, name: 'Bob', country_id: 2, country: { name: 'Brazil' } } } },
        { id: 3, people: { author: { id: 1, name: 'Ann', country_id: 1, country: { name: 'Austria' } } } },
      ],
    })
    expect(programs.facts).toHaveLength(3)
  })

  it('answer with pages and counts of their own; object form names the place', async () => {
    expect(await programs.run('object_form')).toEqual({
      id: 1,
      name: 'Ann',
      country_id: 1,
      works: { itemsReceived: 1, curPage: 1, nextPage: 2, prevPage: null, offset: 0, perPage: 1, itemsTotal: 2, pageTotal: 2, items: [{ title: 'C' }] },
      n: 2,
    })
    expect(programs.facts).toHaveLength(4)
  })

  it('take lists as inputs', async () => {
    expect(await programs.run('lists')).toEqual([
      { id: 1, alike: [{ id: 3 }, { id: 5 }] },
      { id: 2 },
      { id: 3, alike: [{ id: 1 }, { id: 5 }] },
      { id: 4 },
      { id: 5, alike: [{ id: 1 }, { id: 3 }] },
    ])
    expect(programs.facts).toHaveLength(2)
  })

  it('stay one statement when rows need different conditions', async () => {
    const books = (await programs.run('shapes')) as { id: number; people?: unknown[] }[]
    expect(books.map(({ people }) => people?.length)).toEqual([1, 1, 1, 3, 1])
    expect(programs.facts).toHaveLength(2)
    const wanted = (await programs.run('shapes', { wanted: 'Ann' })) as { id: number; people?: unknown[] }[]
    expect(wanted.map(({ people }) => people)).toEqual([[{ name: 'Ann' }], undefined, [{ name: 'Ann' }], [{ name: 'Ann' }], undefined])
    expect(programs.facts).toHaveLength(2)
  })

  it('enrich what writes return', async () => {
    expect(await programs.run('writes')).toEqual([{ name: 'Bob' }, { name: 'Ann' }])
  })

  it('ask nothing when there are no rows', async () => {
    expect(await programs.run('none')).toEqual([])
    expect(programs.facts).toHaveLength(1)
  })

  it('send as many statements for many rows as for few', async () => {
    const { db, workspaceId } = programs.instance
    const schema = `ws_${workspaceId}_live`
    await db.query(
      `insert into "${schema}".book (id, title, author_id, tags) overriding system value select 1000 + n, 'n' || n, 1 + n % 3, '{}' from generate_series(1, 500) n`,
    )
    expect(await programs.run('single')).toHaveLength(505)
    expect(programs.facts).toHaveLength(2)
    await db.query(`delete from "${schema}".book where id > 1000`)
  })
})
