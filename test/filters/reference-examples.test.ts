/** Every example pair of the reference, and every case a filter tells about itself, through the real parser and compiler. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allFilters } from '../../src/filters/index.js'
import { casesOf, evaluate, registry } from './evaluate.js'

interface Example {
  name: string
  kind: 'value' | 'query' | 'input'
  group: string
  expr: string
  result: string
  deduced?: true
}
/** An example we believe wrong, or that is prose. `restated` is what runs in its place. */
interface Dispute {
  name: string
  expr: string
  reason: string
  restated?: { expr: string; result: string }[]
}

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(`../cases/${file}`, import.meta.url), 'utf8')) as T
const examples = read<Example[]>('filters.json').filter(({ kind }) => kind === 'value')
const disputes = read<Dispute[]>('disputed.json')
/** JavaScript and evaluation of text: known, and refused with a clear error. */
const pendingFilters: ReadonlySet<string> = new Set([
  'lambda',
  'lambda_map',
  'lambda_filter',
  'lambda_some',
  'lambda_every',
  'lambda_find',
  'lambda_findIndex',
  'lambda_reduce',
  'to_expr',
])
const pending = examples.filter(({ name }) => pendingFilters.has(name))
const disputeOf = ({ name, expr }: Example): Dispute | undefined => disputes.find((dispute) => dispute.name === name && dispute.expr === expr)

const check = (expr: string, result: string): void => expect(evaluate(expr)).toStrictEqual(evaluate(result))

describe('examples of the reference', () => {
  const undisputed = examples.filter((example) => !pendingFilters.has(example.name) && !disputeOf(example))
  it.each(undisputed.map(({ name, expr, result }) => [name, expr, result]))('%s: %s → %s', (_, expr, result) => check(expr, result))
})

describe('disputed examples, restated', () => {
  const restated = disputes.flatMap(({ name, restated = [] }) => restated.map(({ expr, result }) => [name, expr, result]))
  it.each(restated)('%s: %s → %s', (_, expr = '', result = '') => check(expr, result))

  it('disputes only examples that exist, with a reason', () => {
    for (const { name, expr, reason } of disputes) {
      expect(reason).not.toBe('')
      expect(examples.some((example) => example.name === name && example.expr === expr)).toBe(true)
    }
  })
})

describe('cases of the filters', () => {
  it.each(casesOf(allFilters))('%s: %s → %s', (_, source, result) => check(source, result))
})

describe('filters that do not run yet', () => {
  it.each(pending.map(({ name, expr }) => [name, expr]))('%s says so: %s', (_, expr) => {
    expect(() => evaluate(expr)).toThrow(expect.objectContaining({ kind: 'unsupported' }))
  })
})

describe('names', () => {
  const names = new Set(read<Example[]>('filters.json').map(({ name, kind }) => (kind === 'value' ? name : '')))
  it.each([...names].filter((name) => name !== '' && !pendingFilters.has(name)))('knows %s', (name) => {
    expect(registry.filter(name)).toMatchObject({ name })
  })
})
