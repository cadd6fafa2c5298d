/** Refuses JSON whose objects name a key twice: two readers of it could see two things (ASVS 15.3.7). */
import { AppError } from '../errors.js'

/** One pass over text that is JSON. Throws AppError `badRequest` naming the key. */
export function assertUniqueKeys(text: string): void {
  /** Keys of the objects around; null stands for a list. */
  const open: (Set<string> | null)[] = []
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '{') open.push(new Set())
    else if (char === '[') open.push(null)
    else if (char === '}' || char === ']') open.pop()
    else if (char === '"') {
      const end = endOfString(text, i)
      const keys = open.at(-1)
      if (keys != null && isKey(text, end + 1)) addKey(keys, JSON.parse(text.slice(i, end + 1)) as string)
      i = end
    }
  }
}

function addKey(keys: Set<string>, key: string): void {
  if (keys.has(key)) throw new AppError('badRequest', `The body names the key "${key}" twice.`)
  keys.add(key)
}

/** A string is a key when a colon follows it. */
function isKey(text: string, from: number): boolean {
  let i = from
  while (text[i] === ' ' || text[i] === '\t' || text[i] === '\n' || text[i] === '\r') i++
  return text[i] === ':'
}

function endOfString(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i
  }
  return text.length
}
