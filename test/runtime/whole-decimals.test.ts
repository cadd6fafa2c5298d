/** 5.0 is 5 to every statement: programs whose ints are written as decimals give the same answers. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { definitionExprs, visitExpr } from '../../src/lang/visit.js'
import { fromPlain, type Json, type Obj, type Value } from '../../src/lib/value.js'
import { stringify } from '../../src/runtime/serialize.js'
import { createJavaScript } from '../../src/services/javascript.js'
import { asDecimals, writtenAsDecimals } from '../helpers/decimals.js'
import { createRun, library } from './harness.js'

const javascript = createJavaScript()
afterAll(() => javascript.close())

/** JSON of the answer, or the message of the error. */
async function answer(text: string, input: Record<string, Json>, decimals: boolean): Promise<string> {
  const { definitions, program } = library(text)
  const values: Value = fromPlain(input)
  if (decimals)
    for (const definition of definitions)
      for (const expr of definitionExprs(definition)) visitExpr(expr, (node) => void (node.type === 'number' && Object.assign(node, writtenAsDecimals(node))))
  const [first] = definitions
  if (first === undefined) throw new Error('no definition')
  try {
    return stringify(await program(first.kind, first.name).run(createRun({ javascript }), (decimals ? asDecimals(values) : values) as Obj))
  } catch (error) {
    if (error instanceof AppError) return error.message.replace(/\ban int\b/g, 'a decimal')
    throw error
  }
}

const read = <T>(path: string): T => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as T
const inputs = read<Record<string, { input: Record<string, Json> }[]>>('../programs/cases.json')
const programs = readdirSync(new URL('../programs/', import.meta.url)).filter((file) => file.endsWith('.xs'))

describe('programs', () => {
  it.each(programs)('%s', async (file) => {
    const text = readFileSync(new URL(`../programs/${file}`, import.meta.url), 'utf8')
    for (const { input } of inputs[file.slice(0, -3)] ?? [])
      expect(await answer(text, input, true), JSON.stringify(input)).toBe(await answer(text, input, false))
  })
})

interface Case {
  rule: string
  stack?: string
  response?: string
  expr?: string
  program?: string
  input?: string
  values?: Record<string, Json>
  database?: true
}
const asksForTypes = (text: string): boolean => /===|!==|is_int|is_decimal/.test(text)
const rules = read<Case[]>('../cases/semantics.json').flatMap((c): [string, string, Record<string, Json>][] => {
  const text = c.program ?? `function "case" {\n  input {\n${c.input ?? ''}\n  }\n  stack {\n${c.stack ?? ''}\n  }\n  response = ${c.response ?? c.expr}\n}`
  const isRun = (c.program ?? c.stack ?? c.response) !== undefined && c.database === undefined
  return isRun && !asksForTypes(text) ? [[`${c.rule}: ${(c.response ?? c.program ?? '').slice(0, 80)}`, text, c.values ?? {}]] : []
})

describe('rules', () => {
  it.each(rules)('%s', async (_, text, values) => {
    expect(await answer(text, values, true)).toBe(await answer(text, values, false))
  })
})
