/** Which account a login is about: what the caller names it by, spelt in one way. */
import { createHash } from 'node:crypto'
import type { Field } from '../lang/tree.js'
import type { Obj } from '../lib/value.js'

const identifierName = /^(e_?mail(_?address)?|user_?name|login|handle|phone(_?number)?|identifier|account)$/i

/** Names of declared inputs that name an account. */
export const identifierInputs = (inputs: readonly Field[]): string[] =>
  inputs.filter((input) => input.type === 'email' || identifierName.test(input.name)).map((input) => input.name)

/** Null when the request names none. Case, width and spaces around do not tell accounts apart. */
export function accountKey(workspaceId: number, names: readonly string[], received: Obj): string | null {
  for (const name of names) {
    const value = received.get(name)
    if (typeof value !== 'string' && typeof value !== 'number') continue
    const text = String(value).normalize('NFKC').trim().toLowerCase()
    if (text !== '') return `${workspaceId}|${text.slice(0, 400)}`
  }
  return null
}

/** For events: tells accounts apart without naming them. */
export const accountHash = (key: string): string => createHash('sha256').update(`event|${key}`).digest('hex').slice(0, 16)
