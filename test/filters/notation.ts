/** The notation of the reference's examples: expressions and results, with the few words they are written with. */
import { expect } from 'vitest'
import { isBinary, isList, type Value } from '../../src/lib/value.js'
import type { Run } from '../../src/runtime/frame.js'
import { asSent } from '../helpers/decimals.js'
import { createRun, evaluate, evaluateLater } from './evaluate.js'

/** Judges the value of `expr`, evaluated in `run`, by what the reference wrote as its result. */
export async function checkExample(expr: string, result: string, run: Run = createRun()): Promise<void> {
  const value = await evaluateLater(withBytes(expr), run)
  const written = result.replace(/ \([^()]*\)$/, '')
  const [form, check] = forms.find(([one]) => one.test(written)) ?? [/$/, checkExpression]
  check(value, form.exec(written)?.[1] ?? written)
}

type Check = (value: Value, written: string) => void

/** What is not written as an expression. */
const forms: readonly [form: RegExp, check: Check][] = [
  [/^".*" or ".*"$/, (value, written) => void expect(written.split(' or ').map((one) => evaluate(one))).toContainEqual(value)],
  [/^approximately (.+)$/, (value, number) => void expect(value).toBeCloseTo(Number(number), 4)],
  [/^([\d.]+)\.\.\.$/, (value, digits) => void expect(String(value).slice(0, digits.length)).toBe(digits)],
  [/^(\[.+), \.\.\.\]$/, checkHead],
  [/^(.+) as text$/, (value, text) => void expect(value).toBe(text)],
  [/^(\S+) per docs;/, (value, one) => void expect(value).toStrictEqual(evaluate(one))],
  // Text without quotes: backslashes stand nowhere else in an expression.
  [/^[^"'[{].*\\/, (value, text) => void expect(value).toBe(text)],
  [/^\\/, (value, text) => void expect(value).toBe(text)],
]

function checkExpression(value: Value, written: string): void {
  expect(withoutBuffer(value)).toStrictEqual(withoutBuffer(evaluate(withBytes(written))))
}

/** `["a", "b", ...]`: how the list begins. */
function checkHead(value: Value, written: string): void {
  const head = evaluate(`${written}]`)
  expect(isList(value) && isList(head) ? value.slice(0, head.length) : value).toStrictEqual(head)
}

/** `bytes E9 74 75`, alone or in parentheses. */
const withBytes = (text: string): string =>
  text.replace(/\(?\bbytes ((?:[0-9A-F]{2} ?)+)\)?/, (_, digits: string) => `("${digits.replaceAll(' ', '')}"|hex2bin)`)
/** Bytes as they are, in whichever array; numbers as they are sent. */
const withoutBuffer = (value: Value): Value => (isBinary(value) ? Uint8Array.from(value) : asSent(value))
