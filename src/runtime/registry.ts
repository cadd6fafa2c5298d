/** Every statement and filter this server knows, and what the reader of programs asks about them. */
import type { Grammar, StatementShape } from '../lang/grammar.js'
import { Cache } from './cache.js'
import type { ArgumentSpec, FilterSpec, StatementSpec } from './define.js'

export interface Registry extends Grammar {
  readonly statements: readonly StatementSpec[]
  readonly filters: readonly FilterSpec[]
  /** By name or alias. */
  findStatement(name: string): StatementSpec | undefined
  /** By name or alias: a value filter before a query filter of the same name. */
  filter(name: string): FilterSpec | undefined
  /** The filter of that name that has a query face. */
  queryFilter(name: string): FilterSpec | undefined
  /** Whether a filter works in database queries and nowhere else. */
  isQueryOnly(name: string): boolean
  /** Everything as JSON, for `GET /api:meta/registry`. */
  describe(): RegistryDescription
  /** For what compilers keep per registry (path selectors). */
  readonly cache: Cache<string, unknown>
}

export interface RegistryDescription {
  statements: StatementDescription[]
  filters: FilterDescription[]
}
export interface StatementDescription {
  name: string
  aliases: string[]
  group: string
  summary: string
  head: { kind: string; summary: string; required: boolean } | null
  condition: 'required' | 'optional' | null
  args: { name: string; type: string; summary: string; required: boolean; default: unknown; repeat: boolean; expression: boolean }[]
  blocks: { name: string; summary: string; required: boolean; repeat: boolean }[]
  result: string | null
  examples: string[]
}
export interface FilterDescription {
  name: string
  aliases: string[]
  group: string
  summary: string
  input: string
  returns: string
  args: { name: string; type: string; summary: string; required: boolean; default: unknown; rest: boolean; expression: boolean }[]
  /** Works in expressions, in database queries. */
  faces: ('value' | 'query')[]
  examples: { source: string; result: string }[]
}

/** Throws when two statements, or two value filters, share a name. */
export function createRegistry(statements: readonly StatementSpec[], filters: readonly FilterSpec[]): Registry {
  const statementsByName = index(statements, 'statement')
  const valueFilters = index(filters.filter(isValueFilter), 'filter')
  const queryFilters = index(
    filters.filter((filter) => filter.sql !== undefined),
    'query filter',
  )
  const shapes = new Map<string, StatementShape>()
  for (const [name, spec] of statementsByName) shapes.set(name, { blocks: Object.keys(spec.blocks ?? {}) })
  const statementNames = [...statementsByName.keys()]
  const filterNames = [...new Set([...valueFilters.keys(), ...queryFilters.keys()])]
  return {
    statements,
    filters,
    findStatement: (name) => statementsByName.get(name),
    filter: (name) => valueFilters.get(name) ?? queryFilters.get(name),
    queryFilter: (name) => queryFilters.get(name),
    isQueryOnly: (name) => !valueFilters.has(name) && queryFilters.has(name),
    statement: (name) => shapes.get(name),
    statementNames: () => statementNames,
    filterNames: () => filterNames,
    describe: () => ({ statements: statements.map(describeStatement), filters: filters.map(describeFilter) }),
    cache: new Cache(2000),
  }
}

/** Whether it works in expressions. */
export const isValueFilter = (filter: FilterSpec): boolean => 'apply' in filter || 'each' in filter || 'driver' in filter || 'evaluates' in filter

function index<T extends { name: string; aliases?: string[] }>(specs: readonly T[], what: string): Map<string, T> {
  const out = new Map<string, T>()
  for (const spec of specs) {
    for (const name of [spec.name, ...(spec.aliases ?? [])]) {
      if (out.has(name)) throw new Error(`Two definitions of ${what} "${name}".`)
      out.set(name, spec)
    }
  }
  return out
}

function describeStatement(spec: StatementSpec): StatementDescription {
  const { head } = spec
  return {
    name: spec.name,
    aliases: spec.aliases ?? [],
    group: spec.group,
    summary: spec.summary,
    head: head ? { kind: head.kind, summary: head.summary, required: head.required !== false } : null,
    condition: spec.condition ?? null,
    args: Object.entries(spec.args ?? {}).map(([name, arg]) => describeArgument(name, arg)),
    blocks: Object.entries(spec.blocks ?? {}).map(([name, block]) => ({
      name,
      summary: block.summary,
      required: block.required === true,
      repeat: block.repeat === true,
    })),
    result: spec.result ?? null,
    examples: spec.examples,
  }
}

const describeArgument = (name: string, arg: ArgumentSpec): StatementDescription['args'][number] => ({
  name,
  type: arg.type,
  summary: arg.summary,
  required: arg.required === true,
  default: arg.default ?? null,
  repeat: arg.repeat === true,
  expression: arg.kind === 'lazy' || arg.kind === 'tree',
})

function describeFilter(spec: FilterSpec): FilterDescription {
  const faces: FilterDescription['faces'] = isValueFilter(spec) ? ['value'] : []
  if (spec.sql) faces.push('query')
  return {
    name: spec.name,
    aliases: spec.aliases ?? [],
    group: spec.group,
    summary: spec.summary,
    input: spec.input,
    returns: spec.returns,
    args: (spec.args ?? []).map((arg) => ({
      name: arg.name,
      type: arg.type,
      summary: arg.summary ?? '',
      required: arg.required === true,
      default: arg.default ?? null,
      rest: arg.rest === true,
      expression: arg.kind === 'lambda',
    })),
    faces,
    examples: spec.cases.map(([source, result]) => ({ source, result })),
  }
}
