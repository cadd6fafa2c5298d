/** Parts of objects as lists. */
import { fatal } from '../errors.js'
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import { typeName } from '../runtime/convert.js'
import { defineStatement, type StatementSpec } from '../runtime/define.js'

function objectOf(name: string, value: Value): Obj {
  if (isObj(value)) return value
  if (value === null) return new Map()
  if (isList(value)) return new Map(value.map((item, index) => [String(index), item]))
  throw fatal(`${name} needs an object, not ${typeName(value)}.`)
}

function reading(name: string, summary: string, result: string, read: (object: Obj) => Value): StatementSpec {
  return defineStatement({
    name,
    group: 'object',
    summary,
    args: { value: { type: 'object', summary: 'The object.', required: true } },
    result,
    examples: [`${name} {\n  value = {a: 1}\n} as $r`],
    run: ({ value }) => read(objectOf(name, value ?? null)),
  })
}

export const objectStatements = [
  reading('object.keys', 'The keys of an object.', 'text[]', (object) => [...object.keys()]),
  reading('object.values', 'The values of an object.', 'any[]', (object) => [...object.values()]),
  reading('object.entries', 'The members of an object.', 'List of {key, value}.', (object) =>
    Array.from(
      object,
      ([key, value]): Obj =>
        new Map<string, Value>([
          ['key', key],
          ['value', value],
        ]),
    ),
  ),
]
