/** YAML 1.2 core schema: no custom tags, few aliases, bounded size and depth. */
import { parseDocument, stringify as stringifyYaml } from 'yaml'
import { fatal } from '../errors.js'
import { isBinary, isList, isObj, unmarked, type Value } from '../lib/value.js'
import { defineFilter, type FilterContext } from '../runtime/define.js'
import { stringify } from '../runtime/serialize.js'
import { assertDepth, spendText } from './bounds.js'
import { guard } from './guard.js'
import { intOf, textOf } from './operand.js'

const group = 'conversion'
/** The library reads some 300 KB a second: this bounds how long one call can hold the event loop. */
const maxLength = 256 * 1024

/** The library goes one call deeper with every level: a text of many levels is refused before it is read. */
const manyDashes = /(?:[-?:][ \t]+){200}/
function assertShallow(text: string): void {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '[' || char === '{') assertDepth('yaml_decode', ++depth)
    else if ((char === ']' || char === '}') && depth > 0) depth--
  }
  if (manyDashes.test(text)) assertDepth('yaml_decode', Number.POSITIVE_INFINITY)
}

/** Reads YAML. Throws AppError `fatal` for what is none, too long or too deep. `context` pays. */
export const decodeYaml = (text: string, context: Pick<FilterContext, 'spend'>): Value => guard('yaml_decode', () => decode(text, context))

function decode(text: string, context: Pick<FilterContext, 'spend'>): Value {
  if (text.length > maxLength) throw fatal(`Filter "yaml_decode" reads at most ${maxLength} characters.`)
  assertShallow(text)
  context.spend(Math.ceil(text.length / 4))
  // Unique keys are checked pair by pair, which takes quadratic time; here the last one wins.
  const document = parseDocument(text, { schema: 'core', version: '1.2', uniqueKeys: false, merge: false, logLevel: 'error', prettyErrors: false })
  const problem = document.errors[0]
  if (problem) throw fatal(`Filter "yaml_decode": ${problem.message} (line ${text.slice(0, problem.pos[0]).split('\n').length})`)
  return fromYaml(document.toJS({ mapAsMap: true, maxAliasCount: 50 }), context, 0)
}

/** Aliases are copied, so each visit is paid for. */
function fromYaml(value: unknown, context: Pick<FilterContext, 'spend'>, depth: number): Value {
  assertDepth('yaml_decode', depth)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null
  if (typeof value === 'bigint') return Number(value)
  context.spend(1)
  if (Array.isArray(value)) return value.map((item) => fromYaml(item, context, depth + 1))
  if (!(value instanceof Map)) return null
  const out = new Map<string, Value>()
  for (const [key, member] of value) {
    const name = fromYaml(key, context, depth + 1)
    out.set(typeof name === 'object' && name !== null ? stringify(name) : String(name), fromYaml(member, context, depth + 1))
  }
  return out
}

/** What the library may see: bytes as base64, resources as null. */
function toYaml(value: Value, depth: number): unknown {
  assertDepth('yaml_encode', depth)
  if (isList(value)) return value.map((item) => toYaml(item, depth + 1))
  if (isObj(value)) return new Map(Array.from(value, ([key, member]) => [key, toYaml(member, depth + 1)]))
  if (isBinary(value)) return Buffer.from(value).toString('base64')
  const plain = unmarked(value)
  return typeof plain === 'object' ? null : plain
}

export const yamlFilters = [
  defineFilter({
    name: 'yaml_encode',
    group,
    summary: 'Writes a value as YAML, one entry a line.',
    input: 'any',
    returns: 'text',
    args: [
      { name: 'options', type: 'any', summary: 'Accepted and ignored.' },
      { name: 'inline', type: 'int', summary: 'Accepted and ignored: the output is never inline.' },
      { name: 'indent', type: 'int', summary: 'Blanks a level, 1 to 16.', default: 2 },
    ],
    scalar: true,
    cases: [
      ['{"a":1,"b":2,"c":3}|yaml_encode', '"a: 1\\nb: 2\\nc: 3\\n"'],
      ['{a: {b: "yes", c: [1, "2"]}}|yaml_encode', '"a:\\n  b: yes\\n  c:\\n    - 1\\n    - \\"2\\"\\n"'],
    ],
    apply(input, args, context) {
      const name = 'yaml_encode'
      const indent = Math.min(16, Math.max(1, intOf(name, args[2] ?? 2, 'indent')))
      const size = stringify(input).length
      context.spend(Math.ceil(size / 8))
      spendText(context, name, size)
      return guard(name, () => stringifyYaml(toYaml(input, 0), { indent, lineWidth: 0, aliasDuplicateObjects: false, schema: 'core', version: '1.2' }))
    },
  }),
  defineFilter({
    name: 'yaml_decode',
    group,
    summary: 'Reads YAML 1.2 (core schema). Tags of other kinds, endless aliases and texts over 256 KB are refused.',
    input: 'text',
    returns: 'any',
    scalar: true,
    cases: [
      ['"a: 1\\nb: 2\\nc: 3"|yaml_decode', '{a: 1, b: 2, c: 3}'],
      ['"- x\\n- {y: [true, null, \'1\']}"|yaml_decode', '["x", {y: [true, null, "1"]}]'],
    ],
    apply: (input, _args, context) => decodeYaml(textOf('yaml_decode', input), context),
  }),
]
