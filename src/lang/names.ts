/** Spellings of names, shared by the reader (what it accepts) and the printer (what needs quotes). */

import { constantNames } from './grammar.js'

/** An identifier. */
export const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Identifiers joined by dots. */
export const dottedIdentifier = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/
/** An unquoted name in head position: `a`, `a/b`, `user/{user_id}/posts`. Sticky. */
export const headName = /(?:\{[A-Za-z_]\w*\}|[\p{L}\p{N}_]|\/(?!\/))(?:(?<=[/}.-])\{[A-Za-z_]\w*\}|[\p{L}\p{N}_.-]|\/(?!\/))*/uy
/** An unquoted word in value position that may start with a digit (`1024x1024`). Sticky. */
export const valueWord = /[A-Za-z0-9_][A-Za-z0-9_]*/y
/** A number and nothing else. */
export const numberText = /^-?[0-9]+(?:\.[0-9]+)?$/
/** A date with or without time, unquoted. Sticky. */
export const timestampText = /[0-9]{4}-[0-9]{2}-[0-9]{2}(?:(?:[ ]|T)[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[+-][0-9]{2}:?[0-9]{2}|Z)?)?(?![\w-])/y

/** An unquoted default value runs to a blank or bracket. Sticky. */
export const rawDefault = /(?:[^\s{}[\](),"'`|/]|\/(?!\/))+/y

/** Whether an unquoted default with this spelling is read as that word. */
export const isPlainDefault = (word: string): boolean =>
  matchesWhole(rawDefault, word) && !/^[!$]/.test(word) && !numberText.test(word) && !constantNames.has(word) && matchAt(timestampText, word, 0) === ''

/** Whether the pattern (sticky) matches the whole text. */
export function matchesWhole(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  return pattern.exec(text)?.[0] === text && text !== ''
}

/** What a sticky pattern matches at an offset, or "". */
export function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}
