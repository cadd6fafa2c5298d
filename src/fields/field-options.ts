/** What the block behind a field says. */

import { constantOf } from '../lang/constant.js'
import type { Expr, Field } from '../lang/tree.js'
import { isList, isObj, type Value } from '../lib/value.js'
import type { TypeOptions } from './field-type.js'

/** The expression of an option; the last one of that name counts. */
export const findOption = (field: Field, name: string): Expr | undefined => field.options.findLast((option) => option.name === name)?.value

/** The literal value of an option. */
export function optionValue(field: Field, name: string): Value | undefined {
  const expr = findOption(field, name)
  return expr === undefined ? undefined : constantOf(expr)
}

export const optionText = (field: Field, name: string): string | undefined => {
  const value = optionValue(field, name)
  return typeof value === 'string' ? value : undefined
}

/** Values of an enum, as text. */
export function enumValues(field: Field): string[] | undefined {
  const values = optionValue(field, 'values')
  if (!isList(values)) return undefined
  return values.map((value) => (value === null || typeof value === 'object' ? '' : String(value)))
}

/** The table a foreign key or a dblink names. */
export const linkedTable = (field: Field): string | undefined => optionText(field, 'table') ?? optionText(field, 'dbtable')

/** Columns a dblink hides: `override = {password: {hidden: true}}`. */
export function hiddenColumns(field: Field): ReadonlySet<string> {
  const override = optionValue(field, 'override')
  const hidden = isObj(override) ? [...override].filter(([, settings]) => isObj(settings) && settings.get('hidden') === true) : []
  return new Set(hidden.map(([name]) => name))
}

export function typeOptions(field: Field): TypeOptions {
  const values = enumValues(field)
  const size = optionValue(field, 'size')
  return { ...(values === undefined ? {} : { values }), ...(typeof size === 'number' ? { size } : {}) }
}

/** False when it may be left out. */
export const isRequired = (field: Field): boolean => field.optional !== true && field.default === undefined

/** The comment above a field or its description option. */
export const descriptionOf = (field: Field): string => optionText(field, 'description') ?? field.description ?? ''
