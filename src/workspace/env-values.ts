/** Workspace variables as a document carries them: `env = {NAME: "value"}`. */
import { constantOf, literalOf } from '../definitions/constant.js'
import { AppError } from '../errors.js'
import type { Definition, Expr } from '../lang/tree.js'
import { isObj, type Obj, toPlain, type Value } from '../lib/value.js'

/** Names and texts. Throws `input` for anything that is not constant. */
export function envValues(expr: Expr): Map<string, string> {
  const value = constantOf(expr)
  if (!isObj(value)) throw new AppError('input', '"env" must be an object of constant values.', { payload: { param: 'env' } })
  return new Map([...value].map(([name, member]) => [name, textOf(member)]))
}

const textOf = (value: Value): string =>
  typeof value === 'string' ? value : value === null ? '' : typeof value === 'object' ? JSON.stringify(toPlain(value)) : String(value)

/** A workspace document with its variables. */
export function withEnv(definition: Definition, env: Obj): Definition {
  const others = definition.attributes.filter((attribute) => attribute.name !== 'env')
  return env.size === 0 ? definition : { ...definition, attributes: [...others, { name: 'env', value: literalOf(env) }] }
}
