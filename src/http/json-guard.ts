/** Looks at JSON text before it is parsed: how deep and how many, so that a small body cannot cost much. */
import { AppError } from '../errors.js'
import { isList, isObj, type Value } from '../lib/value.js'

export const maxDepth = 64
export const maxKeys = 10_000

const [quote, backslash, colon, openBrace, closeBrace, openBracket, closeBracket] = [34, 92, 58, 123, 125, 91, 93]

/** One pass. Throws AppError `badRequest` past {@link maxDepth} levels or {@link maxKeys} keys. */
export function assertJsonBounds(text: string): void {
  let depth = 0
  let keys = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === quote) i = endOfString(text, i)
    else if (code === openBrace || code === openBracket) {
      if (++depth > maxDepth) throw new AppError('badRequest', `The JSON body is nested deeper than ${maxDepth} levels.`)
    } else if (code === closeBrace || code === closeBracket) depth--
    else if (code === colon && ++keys > maxKeys) throw new AppError('badRequest', `The JSON body has more than ${maxKeys} keys.`)
  }
}

/** Position of the closing quote. */
function endOfString(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === backslash) i++
    else if (code === quote) return i
  }
  return text.length
}

/** Text without these cannot hold a key that names a prototype, however it is escaped. */
const mayPoison = /__proto__|constructor|\\u/

/** Throws AppError `badRequest` for a key `__proto__`, or `constructor` with a `prototype` inside. Values are Maps, but what they are passed to may not be. */
export function assertNotPoisoned(text: string, value: Value): void {
  if (mayPoison.test(text)) visit(value)
}

function visit(value: Value): void {
  if (isList(value)) value.forEach(visit)
  if (!isObj(value)) return
  for (const [key, member] of value) {
    if (isPoison(key, member)) throw new AppError('badRequest', `The key "${key}" is not allowed.`)
    visit(member)
  }
}

export const isPoison = (key: string, member: Value): boolean => key === '__proto__' || (key === 'constructor' && isObj(member) && member.has('prototype'))

/** The same for values that were not JSON. */
export const assertClean = visit
