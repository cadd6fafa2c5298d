/** Reads the attributes of a definition one by one and collects what is wrong with them. */
import type { Attribute, Definition, Expr } from '../lang/tree.js'
import { isObj, type Obj, type Value } from '../lib/value.js'
import { constantOf } from './constant.js'
import { type DefinitionProblem, problemAt } from './problem.js'

/** The last attribute of that name at the top level. */
export const findAttribute = (definition: Definition, name: string): Attribute | undefined =>
  definition.attributes.findLast((attribute) => attribute.name === name)

/** Text of an attribute; `undefined` when it is absent or not constant text. */
export function textAttribute(definition: Definition, name: string): string | undefined {
  const attribute = findAttribute(definition, name)
  const value = attribute === undefined ? undefined : constantOf(attribute.value)
  return typeof value === 'string' ? value : undefined
}

export interface AttributeReader {
  readonly problems: DefinitionProblem[]
  text(name: string): string | undefined
  bool(name: string, fallback: boolean): boolean
  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T
  /** An object attribute, or a block of that name (`cors { mode = "default" }`). */
  object(name: string): ObjectReader
  fail(node: { at?: number } | undefined, message: string, hint?: string): void
}

export interface ObjectReader {
  readonly present: boolean
  text(key: string, fallback: string): string
  bool(key: string, fallback: boolean): boolean
  int(key: string, fallback: number): number
  texts(key: string, fallback: string[]): string[]
  get(key: string): Value | undefined
}

/** A reader over the top-level attributes. */
export function readAttributes(definition: Definition): AttributeReader {
  const problems: DefinitionProblem[] = []
  const fail = (node: { at?: number } | undefined, message: string, hint?: string): void => void problems.push(problemAt(node, message, hint))
  const constant = (name: string, expected: string, accepts: (value: Value) => boolean): Value | undefined => {
    const attribute = findAttribute(definition, name)
    if (attribute === undefined) return undefined
    const value = constantOf(attribute.value)
    if (value === undefined || !accepts(value)) return void fail(attribute, `"${name}" must be ${expected}.`)
    return value
  }
  return {
    problems,
    fail,
    text(name) {
      const value = constant(name, 'text', (found) => typeof found === 'string' || typeof found === 'number')
      return value === undefined ? undefined : String(value)
    },
    bool: (name, fallback) => (constant(name, 'true or false', (value) => typeof value === 'boolean') as boolean | undefined) ?? fallback,
    oneOf(name, values, fallback) {
      const value = constant(name, `one of ${values.join(', ')}`, (found) => (values as readonly Value[]).includes(found))
      return (value as (typeof values)[number] | undefined) ?? fallback
    },
    object: (name) => readObject(name, findObject(definition, name, fail), fail),
  }
}

type Fail = AttributeReader['fail']

function findObject(definition: Definition, name: string, fail: Fail): { node: { at?: number } | undefined; value: Obj | undefined } {
  const attribute = findAttribute(definition, name)
  if (attribute !== undefined) {
    const value = constantOf(attribute.value)
    if (value === null) return { node: attribute, value: undefined }
    if (!isObj(value)) fail(attribute, `"${name}" must be an object.`)
    return { node: attribute, value: isObj(value) ? value : undefined }
  }
  const group = definition.groups.find((candidate) => candidate.name === name)
  if (group === undefined) return { node: undefined, value: undefined }
  return { node: group, value: new Map(group.attributes.map((member) => [member.name, memberOf(member.value)])) }
}

const memberOf = (expr: Expr): Value => constantOf(expr) ?? null

function readObject(name: string, { node, value }: { node: { at?: number } | undefined; value: Obj | undefined }, fail: Fail): ObjectReader {
  const read = <T extends Value>(key: string, expected: string, accepts: (member: Value) => boolean, fallback: T): T => {
    const member = value?.get(key)
    if (member === undefined || member === null) return fallback
    if (accepts(member)) return member as T
    fail(node, `"${name}.${key}" must be ${expected}.`)
    return fallback
  }
  return {
    present: value !== undefined,
    get: (key) => value?.get(key),
    text: (key, fallback) => read(key, 'text', (member) => typeof member === 'string', fallback),
    bool: (key, fallback) => read(key, 'true or false', (member) => typeof member === 'boolean', fallback),
    int: (key, fallback) => read(key, 'an int', (member) => Number.isInteger(member), fallback),
    texts: (key, fallback) => read(key, 'a list of text', (member) => Array.isArray(member) && member.every((item) => typeof item === 'string'), fallback),
  }
}
