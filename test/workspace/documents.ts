/** Documents that the tests of push and pull send, and what they ask afterwards. */
import { AppError } from '../../src/errors.js'
import type { TestInstance } from './instance.js'

/** Names of the builder's tables as Postgres has them. */
export const tablesOf = async ({ db }: TestInstance): Promise<string[]> =>
  (
    await db.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema like 'ws\\_%' and table_schema not like '%\\_bin' order by 1`,
    )
  ).map((row) => row.name)

/** The error a piece of work must fail with. */
export const failure = async (work: Promise<unknown>): Promise<AppError> => {
  try {
    await work
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('It should have failed.')
}

export const bookTable = `
// What is on the shelf.
table book {
  auth = false

  schema {
    int id
    timestamp created_at?=now
    text title filters=trim
  }

  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree", field: [{name: "title", op: "asc"}]}
  ]
}`
export const group = (name: string, canonical = '') => `api_group ${name} {${canonical === '' ? '' : `\n  canonical = "${canonical}"`}\n}`
export const query = (path: string, verb = 'GET', extra = '', inGroup = 'shop') => `
query "${path}" verb=${verb} {
  api_group = "${inGroup}"
  public = "test"
  input {${[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `\n    text ${name}`).join('')}
  }
  stack {
    ${extra}
  }
  response = null
}`
/** Documents as one text. */
export const join = (...documents: string[]): string => documents.join('\n---\n')
