/** Every example pair of the reference, and every case a filter tells about itself, through the real parser and compiler. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { allFilters } from '../../src/filters/index.js'
import type { Run } from '../../src/runtime/frame.js'
import { createJavaScript } from '../../src/services/javascript.js'
import { asSent } from '../helpers/decimals.js'
import { casesOf, createRun, evaluate, evaluateLater, registry } from './evaluate.js'
import { checkExample } from './notation.js'

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
  /** `input` for one of test/fields/reference-examples.test.ts. */
  kind?: 'input'
  expr: string
  reason: string
  restated?: { expr: string; result: string }[]
}

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(`../cases/${file}`, import.meta.url), 'utf8')) as T
const examples = read<Example[]>('filters.json').filter(({ kind }) => kind === 'value')
const disputes = read<Dispute[]>('disputed.json').filter(({ kind }) => kind === undefined)
const disputeOf = ({ name, expr }: Example): Dispute | undefined => disputes.find((dispute) => dispute.name === name && dispute.expr === expr)

const javascript = createJavaScript()
afterAll(() => javascript.close())

const runWithJavaScript = (): Run => ({ ...createRun(), javascript })

/** Results are written as they are sent. */
const check = async (expr: string, result: string): Promise<void> =>
  expect(asSent(await evaluateLater(expr, runWithJavaScript()))).toStrictEqual(asSent(evaluate(result)))

describe('examples of the reference', () => {
  const undisputed = examples.filter((example) => !disputeOf(example))
  it.each(undisputed.map(({ name, expr, result }) => [name, expr, result]))('%s: %s → %s', (_, expr, result) => checkExample(expr, result, runWithJavaScript()))
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

describe('names', () => {
  const names = new Set(read<Example[]>('filters.json').map(({ name, kind }) => (kind === 'value' ? name : '')))
  it.each([...names].filter((name) => name !== ''))('knows %s', (name) => {
    expect(registry.filter(name)).toMatchObject({ name })
  })
})
