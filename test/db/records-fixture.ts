/** Runs one database statement, written as XanoScript, on real tables. */

import type { Database } from '../../src/db/client.js'
import { applyPlan } from '../../src/db/ddl/apply.js'
import { planTable } from '../../src/db/ddl/plan-table.js'
import { createRecordsCompiler, createRecordsSession, type RecordsCompilerOptions, type StatementFact } from '../../src/db/records.js'
import { readTable } from '../../src/definitions/read-table.js'
import type { Extensions, TableModel } from '../../src/definitions/table.js'
import { fatal } from '../../src/errors.js'
import { openGrammar } from '../../src/lang/grammar.js'
import { parseDocument } from '../../src/lang/parser.js'
import { Source } from '../../src/lang/source.js'
import type { Expr } from '../../src/lang/tree.js'
import { fromPlain, isObj, type Json, toPlain, type Value } from '../../src/lib/value.js'
import type { RecordsOperation, RecordsSession } from '../../src/runtime/capabilities.js'
import type { Evaluate, Frame } from '../../src/runtime/frame.js'

export const clockNow = Date.UTC(2026, 0, 15, 12, 0, 0)
export const hashOf = (text: string): string => `hash:${[...text].reverse().join('')}`

let lastId = 0

/** Parses a table document. */
export function tableModel(text: string, id = ++lastId): TableModel {
  const { definition, problems } = parseDocument(new Source('table', text), openGrammar)
  if (definition === undefined) throw new Error(JSON.stringify(problems))
  const read = readTable(definition, id, `guid-${id}`)
  if (read.problems.length > 0) throw new Error(JSON.stringify(read.problems))
  return read.table
}

/** Parses the arguments of a statement. */
function parseStatement(text: string): { operation: RecordsOperation; table: string; args: Map<string, Expr> } {
  const { definition, problems } = parseDocument(
    new Source('function', `function "f" {\n  input\n  stack {\n    ${text}\n  }\n  response = null\n}`),
    openGrammar,
  )
  const statement = definition?.stack?.[0]
  if (statement === undefined) throw new Error(JSON.stringify(problems))
  const head = statement.head[0]
  return {
    operation: statement.name.replace(/^db\./, '') as RecordsOperation,
    table: head?.type === 'text' || head?.type === 'word' ? head.value : '',
    args: new Map(statement.args.map((arg) => [arg.name, arg.value])),
  }
}

type Vars = Record<string, unknown>

/** The few expressions these tests need, on variables of the test. */
function evaluate(expr: Expr, vars: Vars): Value {
  switch (expr.type) {
    case 'text':
    case 'word':
      return expr.value
    case 'number':
      return Number(expr.text)
    case 'constant':
      return expr.name === 'now' ? clockNow : expr.name === 'null' ? null : expr.name === 'true'
    case 'variable':
      if (!(expr.name in vars)) throw fatal(`Unable to locate var: ${expr.name}`)
      return fromPlain(vars[expr.name])
    case 'member': {
      const object = evaluate(expr.object, vars)
      return isObj(object) ? (object.get(expr.name) ?? null) : null
    }
    case 'list':
      return expr.items.map((item) => evaluate(item as Expr, vars))
    case 'object':
      return new Map(expr.entries.map((entry) => [entry.type === 'entry' ? entry.key : '', evaluate(entry.value, vars)]))
    case 'binary':
      return expr.op === '==' ? evaluate(expr.left, vars) === evaluate(expr.right, vars) : null
    default:
      throw fatal(`not in these tests: ${expr.type}`)
  }
}

export interface Bench {
  readonly facts: StatementFact[]
  /** What compiling told the builder. */
  readonly warnings: string[]
  readonly session: RecordsSession
  readonly tables: ReadonlyMap<string, TableModel>
  /** Runs a statement; the result as plain JSON. */
  run(statement: string, vars?: Vars): Promise<Json>
  /** The SQL of the last statement. */
  readonly sql: string
  /** Compiles once; the result runs it. */
  compile(statement: string): (vars?: Vars) => Promise<Json>
}

/** Creates tables in data sources of workspace 1 and a session on the first. */
export async function createBench(
  database: Database,
  documents: string[],
  options: { datasources?: string[]; compiler?: RecordsCompilerOptions; workspaceId?: number; extensions?: Extensions } = {},
): Promise<Bench> {
  const { datasources = ['live'], workspaceId = 1, extensions = {} } = options
  const tables = new Map(documents.map((text) => ({ ...tableModel(text), extensions })).map((model) => [model.name, model]))
  for (const model of tables.values())
    await database.withTransaction((transaction) =>
      applyPlan(transaction, planTable(null, model, { workspaceId, datasources, extensions }), { catalog: false }),
    )
  const facts: StatementFact[] = []
  const session = createRecordsSession(database, { workspaceId, datasource: datasources[0] ?? 'live', datasources, observe: (fact) => facts.push(fact) })
  const compiler = createRecordsCompiler(tables, options.compiler)
  const warnings: string[] = []
  const compile = (text: string) => {
    const { operation, table, args } = parseStatement(text)
    let vars: Vars = {}
    const compileValue =
      (expr: Expr): Evaluate =>
      () =>
        evaluate(expr, vars)
    const compileBound =
      (expr: Expr, name: string) =>
      (_frame: Frame, value: Value): Value =>
        evaluate(expr, { ...vars, [name]: toPlain(value) })
    const noAddon = (name: string): never => {
      throw fatal(`Addon does not exist: ${name}`)
    }
    const action = compiler.compile({ operation, table, args, compileValue, compileBound, warn: (message) => warnings.push(message), addon: noAddon })
    const frame = {
      run: { clock: { now: () => clockNow }, passwords: { hash: async (value: string) => hashOf(value), judge: async () => null } },
    } as unknown as Frame
    return async (given: Vars = {}) => {
      vars = given
      return toPlain(await action(session, frame))
    }
  }
  return {
    facts,
    session,
    tables,
    compile,
    warnings,
    run: async (text, vars) => compile(text)(vars),
    get sql() {
      return facts.at(-1)?.sql ?? ''
    },
  }
}

/** An object's message and payload, for errors. */
export async function errorOf(work: Promise<unknown>): Promise<{ status: number; code: string; message: string; payload: unknown; hint: string }> {
  try {
    await work
  } catch (error) {
    const { status, code, message, payload, hint } = error as { status: number; code: string; message: string; payload: unknown; hint: string }
    return { status, code, message, payload, hint }
  }
  throw new Error('no error')
}
