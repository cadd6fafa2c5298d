/** JSON text of values and back, keeping the order of every key. */
import { fatal } from '../errors.js'
import { decodeJson } from '../lib/json-value.js'
import { isBinary, isList, isObj, RawJson, type Value, WholeDecimal } from '../lib/value.js'

/** Values nested deeper than this are refused rather than overflow the stack. */
const maxDepth = 1000
const plainText = /^[\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]*$/

/** JSON text of a value. NaN and infinities are null, Binary is base64 text, resources are null. Throws when nested deeper than 1000. */
export const stringify = (value: Value): string => write(value, 0)

function write(value: Value, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeText(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      return value === null ? 'null' : writeContainer(value, depth)
  }
}

const writeText = (text: string): string => (text.length < 200 && plainText.test(text) ? `"${text}"` : JSON.stringify(text))

function writeContainer(value: object, depth: number): string {
  if (depth > maxDepth) throw fatal(`The value is nested deeper than ${maxDepth} levels.`)
  if (isList(value)) {
    if (value.length === 0) return '[]'
    let out = '['
    for (let i = 0; i < value.length; i++) out += (i === 0 ? '' : ',') + write(value[i] ?? null, depth + 1)
    return `${out}]`
  }
  if (isObj(value)) {
    let out = ''
    for (const [key, member] of value) out += `${out === '' ? '{' : ','}${writeText(key)}:${write(member, depth + 1)}`
    return out === '' ? '{}' : `${out}}`
  }
  if (value instanceof WholeDecimal) return String(value.value)
  if (value instanceof RawJson) return value.text
  return isBinary(value) ? `"${Buffer.from(value).toString('base64')}"` : 'null'
}

/** The value of JSON text. Throws `Error parsing JSON: …`. */
export function parseJson(text: string): Value {
  try {
    return decodeJson(text)
  } catch (error) {
    if (error instanceof RangeError) throw fatal('Error parsing JSON: Nested too deeply')
    throw fatal(`Error parsing JSON: ${error instanceof SyntaxError && error.message === 'Number out of range' ? error.message : 'Syntax error'}`)
  }
}
