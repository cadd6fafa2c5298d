/** Expectations of tests: each fails with what was expected and what was found. */

import { RE2JS } from 're2js'
import { type AppError, fatal } from '../errors.js'
import { isEmpty, isList, isObj, toPlain, type Value } from '../lib/value.js'
import { numericOf, toText } from '../runtime/convert.js'
import type { ArgumentSpec, HeadSpec, StatementSpec, Step } from '../runtime/define.js'
import type { Frame, Run } from '../runtime/frame.js'
import { compare, looseEquals } from '../runtime/operators.js'
import { stringify } from '../runtime/serialize.js'

const group = 'test assertion'
const head: HeadSpec = { kind: 'subject', summary: 'What is judged.' }
const value: ArgumentSpec = { type: 'any', summary: 'What it is compared with.', required: true }

const shown = (subject: Value): string => (typeof subject === 'string' ? subject : stringify(subject))

/** The error of an expectation that does not hold. */
function failed(name: string, message: string, payload: Record<string, Value>): AppError {
  const plain = Object.fromEntries(Object.entries(payload).map(([key, member]) => [key, toPlain(member)]))
  return fatal(`${name} failed - ${message}`, { name: 'ExpectationFailed', payload: plain, hint: 'Correct the stack or the expectation.' })
}

/** An expectation about the subject and one value. */
function comparing(name: string, summary: string, relation: string, holds: (subject: Value, value: Value) => boolean, valueSpec = value): StatementSpec {
  return {
    name: `expect.${name}`,
    group,
    summary,
    head,
    args: { value: valueSpec },
    examples: [`expect.${name} ($response.a) {\n  value = 1\n}`],
    compile(step) {
      const [read, readValue] = [step.head(), step.value('value')]
      return {
        async: false,
        run(frame) {
          const [subject, expected] = [read(frame), readValue(frame)]
          if (!holds(subject, expected)) throw failed(name, `expected value ${shown(expected)} ${relation} ${shown(subject)}`, { expected, actual: subject })
          return undefined
        },
      }
    },
  }
}

/** An expectation that takes nothing but its subject. */
const bare = (name: string, summary: string, compileJudge: (step: Step) => (frame: Frame) => void): StatementSpec => ({
  name: `expect.${name}`,
  group,
  summary,
  head,
  examples: [`expect.${name} ($response.a)`],
  compile(step) {
    const judge = compileJudge(step)
    return { async: false, run: (frame) => void judge(frame) }
  },
})

/** An expectation about the value of the subject. */
const judging = (name: string, summary: string, holds: (subject: Value, frame: Frame) => boolean): StatementSpec =>
  bare(name, summary, (step) => {
    const read = step.head()
    return (frame) => {
      const subject = read(frame)
      if (!holds(subject, frame)) throw failed(name, `found ${shown(subject)}`, { actual: subject })
    }
  })

/** An expectation about whether there is a subject. */
const defined = (name: string, summary: string, wanted: boolean): StatementSpec =>
  bare(name, summary, (step) => {
    const exists = step.headExists()
    return (frame) => {
      if (exists(frame) !== wanted) throw failed(name, wanted ? 'there is no such value' : 'there is such a value', {})
    }
  })

function contains(subject: Value, needle: Value): boolean {
  if (isList(subject)) return subject.some((item) => looseEquals(item, needle))
  if (isObj(subject)) return isObj(needle) ? [...needle].every(([key, member]) => looseEquals(subject.get(key) ?? null, member)) : subject.has(toText(needle))
  return toText(subject).includes(toText(needle))
}

/** A pattern, with or without `/…/flags`. */
function matches(subject: Value, pattern: Value): boolean {
  const text = toText(pattern)
  const delimited = /^\/(.*)\/([a-z]*)$/s.exec(text)
  try {
    const flags = delimited?.[2]?.includes('i') ? RE2JS.CASE_INSENSITIVE : 0
    return RE2JS.compile(delimited?.[1] ?? text, flags)
      .matcher(toText(subject))
      .find()
  } catch {
    throw fatal(`to_match: ${text} is not a regular expression.`)
  }
}

/** Epoch ms of a number, numeric text or date. */
function timeOf(subject: Value): number {
  const time = numericOf(subject) ?? (typeof subject === 'string' ? Date.parse(subject) : Number.NaN)
  if (Number.isNaN(time)) throw fatal(`Not a timestamp: ${shown(subject)}`)
  return time
}

const within: StatementSpec = {
  name: 'expect.to_be_within',
  group,
  summary: 'The number lies between two others, both excluded.',
  head,
  args: {
    min: { type: 'number', summary: 'Excluded lower bound.', required: true },
    max: { type: 'number', summary: 'Excluded upper bound.', required: true },
  },
  examples: ['expect.to_be_within ($response.n) {\n  min = 1\n  max = 5\n}'],
  compile(step) {
    const [read, min, max] = [step.head(), step.value('min'), step.value('max')]
    return {
      async: false,
      run(frame) {
        const [subject, low, high] = [read(frame), min(frame), max(frame)]
        const holds = compare(subject, low) > 0 && compare(subject, high) < 0
        if (!holds) throw failed('to_be_within', `${shown(subject)} is not between ${shown(low)} and ${shown(high)}`, { min: low, max: high, actual: subject })
        return undefined
      },
    }
  },
}

const toThrow: StatementSpec = {
  name: 'expect.to_throw',
  judgesError: true,
  group,
  summary: 'The stack, or the statements inside, fail; with `exception` the message or code contains that text.',
  args: { exception: { type: 'text', summary: 'Text that message or code must contain; case does not matter.' } },
  blocks: { stack: { summary: 'Statements expected to fail; absent in a unit test, where the tested stack must.' } },
  examples: ['expect.to_throw {\n  exception = "Missing param: id"\n}'],
  compile(step) {
    const exception = step.value('exception')
    const [block] = step.bodies('stack')
    const check = (error: AppError | null, frame: Frame): void => {
      if (error === null || error.message === '') throw failed('to_throw', 'nothing was thrown', {})
      const wanted = toText(exception(frame)).toLowerCase()
      const found = [error.message, error.code, error.errorName].some((text) => text.toLowerCase().includes(wanted))
      if (!found) throw failed('to_throw', `expected ${wanted}, found ${error.message}`, { expected: wanted, actual: error.message })
    }
    if (!block) return { async: false, run: (frame) => void check(frame.error, frame) }
    const { body } = block
    return {
      async: true,
      async run(frame) {
        const run: Run = { ...frame.run, throwing: true }
        check(await errorOf(async () => body.run({ ...frame, run })), frame)
        return undefined
      },
    }
  },
}

/** The error that work ends with; null when it ends well. */
async function errorOf(work: () => Promise<unknown>): Promise<AppError | null> {
  try {
    await work()
    return null
  } catch (error) {
    return error as AppError
  }
}

export const expectStatements = [
  comparing('to_equal', 'Equal, lists and objects deeply.', 'does not equal', looseEquals),
  comparing('to_not_equal', 'Not equal.', 'equals', (a, b) => !looseEquals(a, b)),
  comparing('to_start_with', 'The text starts with another.', 'does not start', (a, b) => toText(a).startsWith(toText(b))),
  comparing('to_end_with', 'The text ends with another.', 'does not end', (a, b) => toText(a).endsWith(toText(b))),
  comparing('to_be_greater_than', 'Greater than a value.', 'is not less than', (a, b) => compare(a, b) > 0),
  comparing('to_be_less_than', 'Less than a value.', 'is not greater than', (a, b) => compare(a, b) < 0),
  comparing('to_match', 'The text matches a regular expression.', 'does not match', matches),
  comparing('to_contain', 'Text contains text, a list an element, an object a key or members.', 'is not contained in', contains),
  within,
  judging('to_be_true', 'Is true.', (subject) => subject === true),
  judging('to_be_false', 'Is false.', (subject) => subject === false),
  judging('to_be_in_the_past', 'A time before now.', (subject, { run }) => timeOf(subject) < run.clock.now()),
  judging('to_be_in_the_future', 'A time after now.', (subject, { run }) => timeOf(subject) > run.clock.now()),
  defined('to_be_defined', 'There is something at the path, null included.', true),
  defined('to_not_be_defined', 'There is nothing at the path.', false),
  judging('to_be_null', 'Is null.', (subject) => subject === null),
  judging('to_not_be_null', 'Is not null.', (subject) => subject !== null),
  judging('to_be_empty', 'Is empty: "", null, 0, "0", false, [] or {}.', isEmpty),
  toThrow,
]
