/** Which other constructs a definition names: what a rename rewrites and what a push must find. */
import type { Definition, Expr, Field, Statement } from '../lang/tree.js'
import { isList, isObj, type Value } from '../lib/value.js'
import { findAttribute } from './attributes.js'
import { constantOf } from './constant.js'

export interface Reference {
  /** Kind of the construct named: `table`, `function` … */
  kind: string
  name: string
  /** The table must have auth enabled. */
  auth?: true
  /** What names it, for messages: `function.run`, `auth`, `column author_id`. */
  via: string
  at?: number
}

/** Statements whose head names another construct. */
const headKinds: ReadonlyMap<string, string> = new Map([
  ['function.run', 'function'],
  ['function.call', 'function'],
  ['task.call', 'task'],
  ['tool.call', 'tool'],
  ['addon.call', 'addon'],
  ['middleware.call', 'middleware'],
  ['ai.agent.run', 'agent'],
  ...['query', 'get', 'has', 'add', 'edit', 'patch', 'add_or_edit', 'del', 'delete', 'count', 'truncate', 'schema', 'increment'].map(
    (name): [string, string] => [`db.${name}`, 'table'],
  ),
  ...['add', 'update', 'patch', 'delete'].map((name): [string, string] => [`db.bulk.${name}`, 'table']),
])

/** Every construct the definition names. Empty names (placeholders) and disabled statements are left out. */
export function referencesOf(definition: Definition): Reference[] {
  const found: Reference[] = []
  const add = (reference: Reference): void => {
    if (reference.name !== '') found.push(reference)
  }
  attributeReferences(definition, add)
  for (const field of [...(definition.schema ?? []), ...(definition.input ?? [])]) fieldReferences(field, add)
  statementReferences(definition.stack ?? [], add)
  return found
}

type Add = (reference: Reference) => void

/** Top-level attributes that hold one name, by construct. */
const nameAttributes: Record<string, Record<string, string>> = {
  query: { api_group: 'api_group' },
  table_trigger: { table: 'table' },
  agent_trigger: { agent: 'agent' },
  mcp_server_trigger: { mcp_server: 'mcp_server' },
}

function attributeReferences(definition: Definition, add: Add): void {
  for (const [attribute, kind] of Object.entries(nameAttributes[definition.kind] ?? {}))
    nameIn(definition, attribute, (name, at) => add(withAt({ kind, name, via: attribute }, at)))
  if (definition.kind === 'query') nameIn(definition, 'auth', (name, at) => add(withAt({ kind: 'table', name, auth: true, via: 'auth' }, at)))
  for (const attribute of definition.attributes) {
    if (attribute.name === 'middleware')
      for (const name of middlewareNames(constantOf(attribute.value))) add(withAt({ kind: 'middleware', name, via: 'middleware' }, attribute.at))
    if (attribute.name === 'tools' && definition.kind !== 'tool')
      for (const name of namesIn(constantOf(attribute.value))) add(withAt({ kind: 'tool', name, via: 'tools' }, attribute.at))
  }
}

function nameIn(definition: Definition, attribute: string, found: (name: string, at: number | undefined) => void): void {
  const at = findAttribute(definition, attribute)
  const value = at === undefined ? undefined : constantOf(at.value)
  if (at !== undefined && typeof value === 'string') found(value, at.value.at ?? at.at)
}

/** Names in `{pre: [{name}], post: […]}`, or one level deeper for a branch: `{query: {pre: […]}}`. */
function middlewareNames(value: Value | undefined): string[] {
  if (!isObj(value)) return []
  return [...value.values()].flatMap((member) => (isList(member) ? namesIn(member) : middlewareNames(member)))
}

const namesIn = (value: Value | undefined): string[] =>
  isList(value) ? value.map((item) => (isObj(item) ? item.get('name') : item)).filter((name): name is string => typeof name === 'string') : []

function fieldReferences(field: Field, add: Add): void {
  for (const option of field.options) {
    if (option.name !== 'table' && option.name !== 'dbtable') continue
    const name = constantOf(option.value)
    if (typeof name === 'string')
      add(withAt({ kind: 'table', name, via: `${field.type === 'dblink' ? 'dblink' : 'column'} ${field.name}` }, option.value.at ?? field.at))
  }
  for (const child of field.fields ?? []) fieldReferences(child, add)
}

function statementReferences(statements: readonly Statement[], add: Add): void {
  for (const statement of statements) {
    if (statement.disabled) continue
    const kind = headKinds.get(statement.name)
    const head = statement.head[0]
    const name = kind === undefined || head === undefined ? undefined : constantOf(head)
    if (kind !== undefined && typeof name === 'string') add(withAt({ kind, name, via: statement.name }, head?.at ?? statement.at))
    argumentReferences(statement, add)
    for (const block of statement.blocks) statementReferences(block.statements, add)
  }
}

function argumentReferences(statement: Statement, add: Add): void {
  for (const arg of statement.args) {
    const at = arg.value.at ?? arg.at
    if (statement.name.startsWith('security.') && (arg.name === 'table' || arg.name === 'dbtable')) {
      const name = constantOf(arg.value)
      if (typeof name === 'string') add(withAt({ kind: 'table', name, auth: true, via: statement.name }, at))
    }
    if (statement.name === 'db.query' && arg.name === 'join')
      for (const name of memberTexts(arg.value, 'table')) add(withAt({ kind: 'table', name, via: 'join' }, at))
    if (statement.name.startsWith('db.') && arg.name === 'addon')
      for (const name of itemTexts(arg.value, 'name')) add(withAt({ kind: 'addon', name, via: 'addon' }, at))
  }
}

/** `key` of every member object of an object literal; the rest of the literal need not be constant. */
const memberTexts = (expr: Expr, key: string): string[] =>
  expr.type === 'object' ? expr.entries.flatMap((entry) => (entry.type === 'entry' ? textMember(entry.value, key) : [])) : []
/** `key` of every object in a list literal. */
const itemTexts = (expr: Expr, key: string): string[] =>
  expr.type === 'list' ? expr.items.flatMap((item) => (item.type === 'spread' ? [] : textMember(item, key))) : []

function textMember(expr: Expr, key: string): string[] {
  if (expr.type !== 'object') return []
  const entry = expr.entries.find((candidate) => candidate.type === 'entry' && candidate.key === key)
  const value = entry?.type === 'entry' ? constantOf(entry.value) : undefined
  return typeof value === 'string' ? [value] : []
}

const withAt = (reference: Reference, at: number | undefined): Reference => (at === undefined ? reference : { ...reference, at })

/** The definition with every reference to one construct written with its new name. The same object when it has none. */
export function renameReferences(definition: Definition, kind: string, from: string, to: string): Definition {
  if (!referencesOf(definition).some((reference) => reference.kind === kind && reference.name === from)) return definition
  const copy = structuredClone(definition)
  for (const [attribute, named] of Object.entries(nameAttributes[copy.kind] ?? {})) if (named === kind) renameAttribute(copy, attribute, from, to)
  if (kind === 'table' && copy.kind === 'query') renameAttribute(copy, 'auth', from, to)
  if (kind === 'middleware' || kind === 'tool')
    for (const attribute of copy.attributes) if (attribute.name === 'middleware' || attribute.name === 'tools') renameTexts(attribute.value, 'name', from, to)
  if (kind === 'table') for (const field of [...(copy.schema ?? []), ...(copy.input ?? [])]) renameField(field, from, to)
  renameInStatements(copy.stack ?? [], kind, from, to)
  if (kind === 'table') renameColumnsOf(copy, from, to)
  return copy
}

function renameAttribute(definition: Definition, name: string, from: string, to: string): void {
  for (const attribute of definition.attributes)
    if (attribute.name === name && constantOf(attribute.value) === from) attribute.value = { type: 'text', value: to }
}

function renameField(field: Field, from: string, to: string): void {
  for (const option of field.options)
    if ((option.name === 'table' || option.name === 'dbtable') && constantOf(option.value) === from) option.value = { type: 'text', value: to }
  for (const child of field.fields ?? []) renameField(child, from, to)
}

function renameInStatements(statements: readonly Statement[], kind: string, from: string, to: string): void {
  for (const statement of statements) {
    const head = statement.head[0]
    if (headKinds.get(statement.name) === kind && head !== undefined && constantOf(head) === from) statement.head[0] = { type: 'text', value: to }
    for (const arg of statement.args) {
      if (kind === 'table' && statement.name.startsWith('security.') && (arg.name === 'table' || arg.name === 'dbtable') && constantOf(arg.value) === from)
        arg.value = { type: 'text', value: to }
      if (kind === 'table' && statement.name === 'db.query' && arg.name === 'join') renameTexts(arg.value, 'table', from, to)
      if (kind === 'addon' && statement.name.startsWith('db.') && arg.name === 'addon') renameTexts(arg.value, 'name', from, to)
    }
    for (const block of statement.blocks) renameInStatements(block.statements, kind, from, to)
  }
}

/** Entries `key: "from"` anywhere in a literal. */
function renameTexts(expr: Expr, key: string, from: string, to: string): void {
  if (expr.type === 'list') for (const item of expr.items) renameTexts(item.type === 'spread' ? item.value : item, key, from, to)
  if (expr.type !== 'object') return
  for (const entry of expr.entries) {
    if (entry.type !== 'entry') continue
    if (entry.key === key && constantOf(entry.value) === from) entry.value = { type: 'text', value: to }
    else renameTexts(entry.value, key, from, to)
  }
}

/** `$db.from.column` → `$db.to.column`, wherever expressions stand. */
function renameColumnsOf(node: unknown, from: string, to: string): void {
  if (Array.isArray(node)) for (const item of node) renameColumnsOf(item, from, to)
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return
  const member = node as { type?: unknown; name?: unknown; object?: { type?: unknown; name?: unknown } }
  if (member.type === 'member' && member.name === from && member.object?.type === 'variable' && member.object.name === 'db') member.name = to
  for (const value of Object.values(node)) renameColumnsOf(value, from, to)
}
