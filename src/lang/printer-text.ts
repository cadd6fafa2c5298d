/** Spelling of texts, keys and names. */
import { dottedIdentifier, headName, identifier, matchesWhole } from './names.js'

const shortEscapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A text in double quotes. */
export function printQuoted(value: string): string {
  const escaped = value.replace(
    /["\\\u0000-\u001f\u007f\u2028\u2029]/g,
    (char) => shortEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `"${escaped}"`
}

/** Whether a text reads better as lines between `"""`, and survives it. */
export const isHeredocText = (value: string): boolean => value.trim().includes('\n') && !/[\r\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(value)

/** A text as lines between `"""`, indented by `indent`. */
export function printHeredoc(value: string, indent: string): string {
  const lines = value.replaceAll('"""', '\\"""').split('\n')
  return `"""\n${lines.map((line) => (line === '' ? '' : indent + line)).join('\n')}\n${indent}"""`
}

/** A key of an object literal. */
export const printKey = (key: string): string => (dottedIdentifier.test(key) ? key : printQuoted(key))

/** A name in head position: quoted when a character asks for it. */
export const printName = (name: string): string =>
  /^[A-Za-z0-9_/{}-]+$/.test(name) && matchesWhole(headName, name) && !isBraced(name) ? name : printQuoted(name)

/** `{id}` alone could be taken for a block. */
const isBraced = (name: string): boolean => name.startsWith('{')

/** The name of a field or member. */
export const printIdentifier = (name: string): string => (identifier.test(name) ? name : printQuoted(name))

/** A description as comment lines. */
export function printComment(text: string | undefined, indent: string): string {
  if (text === undefined || text.trim() === '') return ''
  return text
    .split(/\r\n|[\n\r]/)
    .map((line) => `${indent}//${line.trim() === '' ? '' : ` ${line.trimEnd()}`}\n`)
    .join('')
}
