/** Every example of an input filter in the reference, through the real parser and the compiled input reader. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { inputFilters } from '../../src/fields/input-filters.js'
import { compileInputs } from '../../src/fields/inputs.js'
import { openGrammar } from '../../src/lang/grammar.js'
import { parseDocument } from '../../src/lang/parser.js'
import { Source } from '../../src/lang/source.js'
import { fromPlain, toPlain } from '../../src/lib/value.js'

interface Example {
  name: string
  kind: string
  /** `int age filters=min:18 with 17`. */
  expr: string
  /** A JSON value, `input error`, or `input error with message …`. */
  result: string
}
interface Dispute {
  name: string
  kind?: string
  expr: string
  reason: string
  restated: { expr: string; result: string }[]
}

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(`../cases/${file}`, import.meta.url), 'utf8')) as T
const examples = read<Example[]>('filters.json').filter(({ kind }) => kind === 'input')
const disputes = read<Dispute[]>('disputed.json').filter(({ kind }) => kind === 'input')

/** JSON, or `21 chars`. */
function givenValue(written: string): unknown {
  const length = /^(\d+) chars$/.exec(written)?.[1]
  return length === undefined ? JSON.parse(written) : 'x'.repeat(Number(length))
}

/** What the declared input reads: its value as JSON, or the refusal. */
function receive(expr: string): { name: string; answer: string; message: string } {
  const [declaration = '', given = ''] = expr.split(' with ')
  const text = `function "f" {\n  input {\n    ${declaration}\n  }\n  stack\n  response = null\n}`
  const { definition, problems } = parseDocument(new Source('f', text), openGrammar)
  const [field] = definition?.input ?? []
  if (definition?.input === undefined || field === undefined || problems.length > 0) throw new Error(JSON.stringify(problems))
  try {
    const inputs = compileInputs(definition.input)(new Map([[field.name, fromPlain(givenValue(given))]]), { now: 0 })
    return { name: field.name, answer: JSON.stringify(toPlain(inputs.get(field.name) ?? null)), message: '' }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(error).toMatchObject({ code: 'ERROR_CODE_INPUT_ERROR', status: 400, payload: { param: field.name } })
    return { name: field.name, answer: 'input error', message: error.message }
  }
}

function check(expr: string, result: string): void {
  const [wanted, message] = result.split(' with message ')
  const given = receive(expr)
  expect(given.answer).toBe(wanted)
  if (message !== undefined) expect(given.message).toBe(message)
}

const isDisputed = ({ name, expr }: Example): boolean => disputes.some((dispute) => dispute.name === name && dispute.expr === expr)

describe('examples of input filters', () => {
  it.each(examples.filter((example) => !isDisputed(example)).map(({ expr, result }) => [expr, result]))('%s → %s', check)
})

describe('disputed examples, restated', () => {
  it.each(disputes.flatMap(({ restated }) => restated.map(({ expr, result }) => [expr, result])))('%s → %s', (expr = '', result = '') => check(expr, result))

  it('disputes only examples that exist, with a reason', () => {
    for (const { name, expr, reason } of disputes) {
      expect(reason).not.toBe('')
      expect(examples).toContainEqual(expect.objectContaining({ name, expr }))
    }
  })
})

it('gives every input filter of the reference, salt included, which has no example', () => {
  const known = new Set(inputFilters.flatMap(({ name, aliases = [] }) => [name, ...aliases]))
  expect([...examples.map(({ name }) => name), 'salt'].filter((name) => !known.has(name))).toEqual([])
})
