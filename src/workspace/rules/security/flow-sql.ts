/** What the text of a `db.direct_query` shows: SQL is read no further than names of tables and columns go. */
import type { TableModel } from '../../../definitions/table.js'
import type { Statement } from '../../../lang/tree.js'
import { type Label, type Labels, nothing } from './labels.js'
import { argument, textOf } from './syntax.js'

/** SQL whose rows somebody may own. */
export interface DirectQuery {
  readonly at: Statement
  readonly tables: readonly TableModel[]
  /** What goes in as arguments. */
  readonly labels: Labels
  /** No check of role or ownership stood before it. */
  readonly unauthorized: boolean
}

const sqlOf = (statement: Statement): string => (statement.name === 'db.direct_query' ? (textOf(argument(statement, 'sql', 'code')) ?? '') : '')

/** Tables that stand where SQL names tables. */
export function tablesInSql(statement: Statement, tables: ReadonlyMap<string, TableModel>): TableModel[] {
  const named = [...sqlOf(statement).matchAll(/\b(?:from|join|update|into|using)\s+(?:only\s+)?(?:"?\w+"?\s*\.\s*)?"?(\w+)"?/gi)].map((match) => match[1] ?? '')
  return [...new Set(named)].flatMap((name) => tables.get(name) ?? [])
}

/** Passwords and internal columns that a select list or `returning` names; a star means all of them. */
export function secretsInSql(statement: Statement, tables: ReadonlyMap<string, TableModel>): Labels {
  const lists = [...sqlOf(statement).matchAll(/\bselect\b([\s\S]*?)\bfrom\b|\breturning\b([\s\S]*)/gi)].map((match) => match[1] ?? match[2] ?? '')
  if (lists.length === 0) return nothing
  const isNamed = (column: string): boolean => lists.some((list) => new RegExp(`\\b${column}\\b|(?:^|[,.\\s])\\*(?:\\s|,|$)`, 'i').test(list))
  const found = new Set<Label>()
  for (const table of tablesInSql(statement, tables))
    for (const column of table.columns)
      if ((column.type === 'password' || column.access === 'internal') && isNamed(column.name)) found.add(`secret:${table.name}.${column.name}`)
  return found
}
