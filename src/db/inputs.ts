/**
 * A statement is built when a stack is compiled and filled when it runs. What the run may change about its text (a null that turns `=` into
 * `IS NULL`, a condition that is skipped) is a choice; each combination of choices is one text, built once and prepared under its own name.
 */
import { fatal } from '../errors.js'
import type { Sql } from '../lib/sql.js'
import { render } from '../lib/sql.js'
import { unmarked, type Value } from '../lib/value.js'
import type { Clock } from '../runtime/capabilities.js'
import type { Evaluate, Frame } from '../runtime/frame.js'
import { statementName } from './statement-name.js'

/** A parameter: which operand fills it, and how its value is encoded for the driver. */
export interface Bound {
  operand: number
  /** `clock`: that of the run; absent where no program runs. */
  encode(value: Value, clock?: Clock): unknown
}
export type BoundSql = Sql<Bound>
/** What a choice decided; part of the cache key. */
export type Choice = string
export type Shape = readonly Choice[]
/** SQL of a condition under a shape; null when the condition is skipped. */
export type BuildCondition = (shape: Shape) => BoundSql | null

/** One evaluation of all operands. */
export interface Reading {
  values: readonly Value[]
  shape: Shape
  key: string
  /** What "now" means. */
  clock?: Clock
}

/** The operands and choices of one statement. */
export class Inputs {
  readonly #operands: Evaluate[] = []
  readonly #choices: ((values: readonly Value[]) => Choice)[] = []

  /** Adds an operand; the result is its number. */
  operand(evaluate: Evaluate): number {
    return this.#operands.push(evaluate) - 1
  }

  /** Adds a choice; the result is its place in the shape. */
  choice(decide: (values: readonly Value[]) => Choice): number {
    return this.#choices.push(decide) - 1
  }

  /** Evaluates every operand once, in order, then every choice. Columns have types of their own: 5.0 is 5 to them. */
  read(frame: Frame): Reading {
    const values = this.#operands.map((evaluate) => unmarked(evaluate(frame)))
    const shape = this.#choices.map((decide) => decide(values))
    const key = shape.join('\n')
    return frame.run === undefined ? { values, shape, key } : { values, shape, key, clock: frame.run.clock }
  }
}

/** A reading of parameters that are already encoded. */
export const encoded = (parameters: readonly unknown[]): Reading => ({ values: parameters as Value[], shape: [], key: '' })

/** For statements whose operands are all known: no frame is looked at. */
export const noFrame = Object.freeze({}) as Frame

/** Stands for the schema of the data source, which is known only when the statement runs. NUL cannot be part of a name. */
const schemaMark = '"\0"'
/** A table of the current data source. */
export const tableSql = (name: string): Sql<never> => ({ chunks: [`${schemaMark}."${name.replaceAll('"', '""')}"`], holes: [] })

/** A statement ready to run. `name` is absent for texts that are not worth preparing. */
export interface Command {
  text: string
  values: unknown[]
  name?: string
  /** What traces say instead of the text: SQL of a builder, which another statement carries, before any value is in it. */
  shown?: { sql: string; parameters: number }
}

interface Rendered {
  text: string
  name: string
  holes: readonly Bound[]
}

/** Texts kept per statement; past it they are still correct, but not prepared. */
const keptMax = 64

/** A statement with its texts by schema and shape. */
export class CachedSql {
  readonly #build: (shape: Shape) => BoundSql
  readonly #texts = new Map<string, Rendered>()

  readonly #keep: boolean

  /** `once`: the text is made of a caller's filter, so keeping or preparing it would only fill memory. */
  constructor(build: (shape: Shape) => BoundSql, options: { once?: boolean } = {}) {
    this.#build = build
    this.#keep = options.once !== true
  }

  /** The command for one reading. Throws `inputError` when a value does not fit its column. */
  command(reading: Reading, schema: string): Command {
    const key = `${schema}\n${reading.key}`
    let rendered = this.#texts.get(key)
    const kept = rendered !== undefined || (this.#keep && this.#texts.size < keptMax)
    if (rendered === undefined) {
      rendered = renderFor(this.#build(reading.shape), schema)
      if (kept) this.#texts.set(key, rendered)
    }
    const values = rendered.holes.map((hole) => hole.encode(reading.values[hole.operand] as Value, reading.clock))
    return kept ? { text: rendered.text, values, name: rendered.name } : { text: rendered.text, values }
  }
}

/** The texts of one statement that differ in more than schema and shape, such as the columns it writes; past so many they are not kept. */
export class StatementCache {
  readonly #statements = new Map<string, CachedSql>()
  readonly #most: number

  constructor(most = keptMax) {
    this.#most = most
  }

  /** `key` names everything that `build` depends on. */
  for(key: string, build: (shape: Shape) => BoundSql): CachedSql {
    const found = this.#statements.get(key)
    if (found !== undefined) return found
    const kept = this.#statements.size < this.#most
    const statement = new CachedSql(build, { once: !kept })
    if (kept) this.#statements.set(key, statement)
    return statement
  }
}

/** The text with the schema in place. A NUL would end it early on the wire. */
function withSchema(text: string, schema: string): string {
  const final = text.replaceAll(schemaMark, `"${schema.replaceAll('"', '""')}"`)
  if (final.includes('\0')) throw fatal('A name in this statement contains a NUL character.')
  return final
}

function renderFor(sql: BoundSql, schema: string): Rendered {
  const { text, holes } = render(sql)
  const final = withSchema(text, schema)
  return { text: final, name: statementName(final), holes }
}

/** A command whose values are already known, for statements without choices. */
export function constantCommand(sql: Sql<unknown>, schema: string): Command {
  const { text, holes } = render(sql)
  return { text: withSchema(text, schema), values: [...holes] }
}
