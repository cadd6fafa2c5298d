/** Generated programs and inputs: a value or an AppError, within the budget, and prototypes left alone. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError, fatal } from '../../src/errors.js'
import { fieldTypes } from '../../src/fields/index.js'
import { compileInputs } from '../../src/fields/inputs.js'
import type { Definition, Expr, Field, Statement } from '../../src/lang/tree.js'
import type { Value } from '../../src/lib/value.js'
import { checkDefinition, compileProgram } from '../../src/runtime/compile.js'
import type { Workspace } from '../../src/runtime/define.js'
import { anyValue, isValue } from '../filters/generated-values.js'
import { arbitraryDefinition, arbitraryExpr } from '../lang/arbitrary.js'
import { createRun, library, registry } from './harness.js'

const prototypes = [Object.prototype, Array.prototype, Map.prototype, String.prototype, Number.prototype, Function.prototype]
const prototypeKeys = (): string => JSON.stringify(prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String)))

const workspace: Workspace = {
  records: { compile: () => async () => null },
  document(_kind: string, name: string): never {
    throw fatal(`Unknown document: ${name}`)
  },
  isAuthTable: () => true,
  callable(_kind, name) {
    throw fatal(`Function does not exist: ${name}`)
  },
}

const definitionOf = (stack: Statement[], response: Expr): Definition => ({
  kind: 'function',
  name: 'fuzz',
  headAttributes: [],
  attributes: [],
  tests: [],
  groups: [],
  input: [],
  stack,
  response,
})

/** What the definition comes to; anything but a value or an AppError passes through. */
async function outcome(definition: Definition, input: ReadonlyMap<string, Value> = new Map()): Promise<unknown> {
  try {
    const program = compileProgram(definition, { registry, workspace, inputs: compileInputs(definition.input ?? []) })
    return await program.run(createRun({ limits: { maxSteps: 20_000, maxMilliseconds: 2_000, maxDepth: 20 } }), input)
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

const set = (name: string, value: Expr): Statement => ({
  name: 'var',
  head: [{ type: 'variable', name }],
  headAttributes: [],
  args: [{ name: 'value', value }],
  blocks: [],
})

describe('generated programs', () => {
  it('of expressions give a value or an AppError', async () => {
    const before = prototypeKeys()
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryExpr, { maxLength: 3 }), arbitraryExpr, async (values, response) => {
        const stack = values.map((value, i) => set(['a', 'b', 'total'][i] ?? 'x', value))
        expect(isValue(await outcome(definitionOf(stack, response)))).toBe(true)
      }),
      { numRuns: 400 },
    )
    expect(prototypeKeys()).toBe(before)
  })

  it('of any shape are judged without an exception, and run or fail as documented', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryDefinition, async (definition) => {
        expect(Array.isArray(checkDefinition(definition, registry, workspace))).toBe(true)
        if (definition.stack) await outcome(definition)
      }),
      { numRuns: 200 },
    )
  })
})

describe('keys and paths', () => {
  const keys = [
    '__proto__',
    'constructor',
    'prototype',
    '__proto__.polluted',
    'constructor.prototype.polluted',
    'a.__proto__.polluted',
    '__proto__[0]',
    'toString',
    'hasOwnProperty',
    'length',
  ]
  const statements = [
    'var.update $o[$key] { value = 1 }',
    'var $o { value = $o|set:$key:1 }',
    'var $o { value = $o|unset:$key }',
    'var $o { value = {}|set:$key:{polluted: true}|merge:{a: 1} }',
    'var $o { value = {$key: {polluted: true}} }',
    'var $o { value = [[$key, 1]]|to_text }',
    'var $o { value = [{key: $key, value: {polluted: true}}]|create_object_from_entries }',
    'var $o { value = [$key]|fill_keys:{polluted: true} }',
    'var $o { value = [{k: $key, v: 1}]|index_by:"k" }',
    `var $o { value = ('{"' ~ $key ~ '": {"polluted": true}}')|json_decode }`,
    `var $o { value = ($key ~ "=1&" ~ $key ~ "[polluted]=1")|querystring_parse }`,
    'var $o { value = ($key ~ ": {polluted: true}")|yaml_decode }',
    'var $o { value = $o|get:$key:null }',
    'var $o { value = {a: [{}]}|transform:$key }',
    'array.push $o.list { value = $key }',
  ]
  const attack = (statement: string): string =>
    `function "f" {\n  input {\n    json key\n  }\n  stack {\n    var $key { value = $input.key }\n    var $o { value = {list: [], a: {}} }\n    try_catch {\n      try {\n        ${statement}\n      }\n      catch {\n      }\n    }\n  }\n  response = [$o|json_encode, {}|get:"polluted":"clean", []|json_encode]\n}`
  it.each(statements)('cannot reach a prototype: %s', async (statement) => {
    const before = prototypeKeys()
    for (const key of keys) {
      const { definitions, program } = library(attack(statement))
      expect(definitions).toHaveLength(1)
      const result = (await program('function', 'f').run(createRun(), new Map([['key', key]]))) as Value[]
      expect(result.slice(1)).toEqual(['clean', '[]'])
    }
    expect(prototypeKeys()).toBe(before)
    expect((Object.create(null) as { polluted?: unknown }).polluted ?? ({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('generated inputs', () => {
  const plain = (type: string): Field => ({
    name: 'x',
    type,
    filters: [],
    options: type === 'enum' ? [{ name: 'values', value: { type: 'list', items: [{ type: 'text', value: 'a' }] } }] : [],
  })
  it.each(fieldTypes.map(({ name }) => name))('of type %s are coerced or refused by name', (type) => {
    const shapes: Field[] = [plain(type), { ...plain(type), list: {} }, { ...plain(type), nullable: true, optional: true }]
    fc.assert(
      fc.property(fc.constantFrom(...shapes), anyValue, fc.boolean(), (field, value, given) => {
        const read = compileInputs([field])
        try {
          const input = read(given ? new Map([['x', value]]) : new Map(), { now: 0 })
          expect([...input.keys()]).toEqual(['x'])
        } catch (error) {
          expect(error).toMatchObject({ kind: 'input', payload: { param: expect.stringMatching(/^x/) } })
        }
      }),
      { numRuns: 300 },
    )
  })
})
