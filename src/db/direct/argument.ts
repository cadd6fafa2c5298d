/** Arguments of SQL that builders write, in the text form that Postgres reads as any type. */
import { isList, isObj, toPlain, type Value } from '../../lib/value.js'
import { toText } from '../../runtime/convert.js'

/** What is bound: lists become arrays, objects JSON. */
export function argumentText(value: Value): string | null {
  if (value === null) return null
  if (isList(value)) return value.some((item) => isObj(item) || isList(item)) ? JSON.stringify(toPlain(value)) : `{${value.map(itemText).join(',')}}`
  return isObj(value) ? JSON.stringify(toPlain(value)) : toText(value)
}

const itemText = (item: Value): string => (item === null ? 'NULL' : `"${toText(item).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`)

/** One argument that is a list stands for all of them, unless one placeholder takes it whole, as `any(?)` does. */
export function spreadArguments(args: readonly Value[], placeholders: number): readonly Value[] {
  const [only] = args
  return args.length === 1 && placeholders !== 1 && isList(only) ? only : args
}
