/** Filters after `filters=` of an input or a column: they clean a value or refuse it. */
import { RE2JS } from 're2js'
import { fatal } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'
import type { InputFilter } from '../lang/tree.js'
import { isShortWalk } from '../lib/regex-work.js'
import { isList, isNumber, type Value } from '../lib/value.js'
import { type Coerced, Invalid } from './field-type.js'

export interface InputFilterArgument {
  name: string
  type: 'number' | 'text' | 'regex'
  optional?: true
}

/** Judges one character, for filters that together name the allowed ones. */
type Allows = (char: string) => boolean

export interface InputFilterSpec {
  name: string
  aliases?: readonly string[]
  summary: string
  args: readonly InputFilterArgument[]
  /** On a list it looks at the number of items instead of at each item. */
  countsItems?: true
  /** `param` is the name of the input, for messages. */
  compile?(args: readonly string[], flags: string): (value: Value) => Coerced
  allows?(args: readonly string[]): Allows
}

const n = { name: 'n', type: 'number' } as const
const onText =
  (change: (text: string) => Coerced) =>
  (value: Value): Coerced =>
    typeof value === 'string' ? change(value) : value
const numberArgument = (args: readonly string[]): number => Number(args[0])
/** Length as people count: a surrogate pair is one character. */
const lengthOf = (text: string): number => [...text].length
const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0

const bound = (name: 'min' | 'max', breaks: (size: number, limit: number) => boolean): InputFilterSpec => {
  const [verb, word] = name === 'min' ? ['meet minimum', 'less than the minimum'] : ['meet maximum', 'greater than the maximum']
  return {
    name,
    summary: `${name === 'min' ? 'At least' : 'At most'} n: of the number itself, the length of text, the items of a list.`,
    args: [n],
    countsItems: true,
    compile(args) {
      const limit = numberArgument(args)
      return (value) => {
        if (isNumber(value)) return breaks(Number(value), limit) ? new Invalid(`Value is ${word} value of ${limit}`) : value
        if (typeof value === 'string')
          return breaks(lengthOf(value), limit) ? new Invalid(`Input does not ${verb} length requirement of ${limit} characters`) : value
        if (isList(value)) return breaks(value.length, limit) ? new Invalid(`Input does not ${verb} count requirement of ${limit} items`) : value
        return value
      }
    },
  }
}

const atLeast = (name: string, what: string, pattern: RegExp): InputFilterSpec => ({
  name,
  summary: `At least n ${what}.`,
  args: [n],
  compile(args) {
    const least = numberArgument(args)
    return onText((text) => (countOf(text, pattern) < least ? new Invalid(`Input must contain at least ${least} ${what}`) : text))
  },
})

/** The filters by name. */
export const inputFilters: readonly InputFilterSpec[] = [
  { name: 'trim', summary: 'Removes blanks at both ends.', args: [], compile: () => onText((text) => text.trim()) },
  { name: 'lower', aliases: ['to_lower'], summary: 'Lower case.', args: [], compile: () => onText((text) => text.toLowerCase()) },
  { name: 'upper', aliases: ['to_upper'], summary: 'Upper case.', args: [], compile: () => onText((text) => text.toUpperCase()) },
  bound('min', (size, limit) => size < limit),
  bound('max', (size, limit) => size > limit),
  {
    name: 'startsWith',
    summary: 'Must begin with the prefix.',
    args: [{ name: 'prefix', type: 'text' }],
    compile: ([prefix = '']) => onText((text) => (text.startsWith(prefix) ? text : new Invalid(`Input does not start with ${prefix}`))),
  },
  {
    name: 'prevent',
    summary: 'Must not contain the phrase, whatever its case.',
    args: [{ name: 'phrase', type: 'text' }],
    compile: ([phrase = '']) =>
      onText((text) => (text.toLowerCase().includes(phrase.toLowerCase()) ? new Invalid('Input contains a phrase that is not allowed') : text)),
  },
  { name: 'alphaOk', summary: 'Letters are allowed; together with digitOk and ok.', args: [], allows: () => (char) => /[A-Za-z]/.test(char) },
  { name: 'digitOk', summary: 'Digits are allowed; together with alphaOk and ok.', args: [], allows: () => (char) => /[0-9]/.test(char) },
  {
    name: 'ok',
    summary: 'These characters are allowed; together with alphaOk and digitOk.',
    args: [{ name: 'characters', type: 'text' }],
    allows: ([characters = '']) => {
      const set = new Set(characters)
      return (char) => set.has(char)
    },
  },
  {
    name: 'pattern',
    summary: 'Must match the regular expression.',
    args: [
      { name: 'regex', type: 'regex' },
      { name: 'message', type: 'text', optional: true },
    ],
    compile([pattern = '', message = 'Input does not match the required pattern'], flags) {
      const compiled = compilePattern(pattern, flags)
      return onText((text) => {
        if (!isShortWalk(compiled, text.length)) return new Invalid('Input is too long for its pattern')
        return compiled.matcher(text).find() ? text : new Invalid(message)
      })
    },
  },
  atLeast('minAlpha', 'letters', /[A-Za-z]/g),
  atLeast('minLowerAlpha', 'lower-case letters', /[a-z]/g),
  atLeast('minUpperAlpha', 'upper-case letters', /[A-Z]/g),
  atLeast('minDigit', 'digits', /[0-9]/g),
  atLeast('minSymbol', 'symbols', /[^\p{L}\p{N}\s]/gu),
  // Hashes are salted by themselves; the filter is kept for programs that have it.
  {
    name: 'salt',
    summary: 'Accepted and without effect: every hash has its own random salt.',
    args: [{ name: 'salt', type: 'text' }],
    compile: () => (value) => value,
  },
]

const byName = new Map(inputFilters.flatMap((spec) => [spec.name, ...(spec.aliases ?? [])].map((name) => [name, spec] as const)))

/** The filter of that name; the marker `@` of old foreign keys is none. */
export const findInputFilter = (name: string): InputFilterSpec | undefined => byName.get(name)

function compilePattern(pattern: string, flags: string): RE2JS {
  let bits = 0
  if (flags.includes('i')) bits |= RE2JS.CASE_INSENSITIVE
  if (flags.includes('s')) bits |= RE2JS.DOTALL
  if (flags.includes('m')) bits |= RE2JS.MULTILINE
  return RE2JS.compile(pattern, bits)
}

/** What is wrong with a filter as written; null when nothing. */
export function inputFilterProblem(filter: InputFilter): { message: string; hint?: string } | null {
  if (filter.name === '@') return null
  const spec = byName.get(filter.name)
  if (spec === undefined) {
    const hint = didYouMean(filter.name, byName.keys())
    return { message: `Unknown input filter: ${filter.name}`, ...(hint === undefined ? {} : { hint }) }
  }
  for (const [i, arg] of spec.args.entries()) {
    const written = filter.args[i]
    if (written === undefined && arg.optional !== true) return { message: `The input filter ${spec.name} needs its argument ${arg.name}.` }
    if (written !== undefined && arg.type === 'number' && !Number.isFinite(Number(written.text)))
      return { message: `The argument ${arg.name} of ${spec.name} must be a number.` }
  }
  try {
    spec.compile?.(textsOf(filter), flagsOf(filter))
    return null
  } catch (error) {
    return { message: `The pattern is not a regular expression: ${error instanceof Error ? error.message : String(error)}` }
  }
}

const textsOf = (filter: InputFilter): string[] => filter.args.map((arg) => arg.text)
const flagsOf = (filter: InputFilter): string => filter.args[0]?.flags ?? ''

/** One function for all filters of a field, in written order; null passes untouched. */
export function compileInputFilters(filters: readonly InputFilter[], list: boolean): (value: Value) => Coerced {
  const steps = toSteps(
    filters.filter((filter) => filter.disabled !== true && filter.name !== '@'),
    list,
  )
  if (steps.length === 0) return (value) => value
  return (value) => {
    let current: Value = value
    for (const step of steps) {
      if (current === null) return null
      const next = step(current)
      if (next instanceof Invalid) return next
      current = next
    }
    return current
  }
}

function toSteps(filters: readonly InputFilter[], list: boolean): ((value: Value) => Coerced)[] {
  const steps: ((value: Value) => Coerced)[] = []
  const allowed: Allows[] = []
  for (const filter of filters) {
    const problem = inputFilterProblem(filter)
    if (problem !== null) throw fatal(problem.message, problem.hint === undefined ? {} : { hint: problem.hint })
    const spec = byName.get(filter.name) as InputFilterSpec
    if (spec.allows !== undefined) {
      if (allowed.length === 0) steps.push(perItem(onlyAllowed(allowed), list))
      allowed.push(spec.allows(textsOf(filter)))
    } else if (spec.compile !== undefined) {
      const step = spec.compile(textsOf(filter), flagsOf(filter))
      steps.push(spec.countsItems === true ? step : perItem(step, list))
    }
  }
  return steps
}

/** alphaOk, digitOk and ok allow the union of their characters. */
const onlyAllowed = (allowed: readonly Allows[]) =>
  onText((text) => {
    for (const char of text) if (!allowed.some((allows) => allows(char))) return new Invalid('Input contains characters that are not allowed')
    return text
  })

function perItem(step: (value: Value) => Coerced, list: boolean): (value: Value) => Coerced {
  if (!list) return step
  return (value) => {
    if (!isList(value)) return step(value)
    const out: Value[] = []
    for (const item of value) {
      const next = item === null ? null : step(item)
      if (next instanceof Invalid) return next
      out.push(next)
    }
    return out
  }
}
