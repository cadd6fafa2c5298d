/** Which account a login is about: what the caller names it by, spelt in one way. */
import { createHash } from 'node:crypto'
import { constantOf } from '../definitions/constant.js'
import type { Field, Statement } from '../lang/tree.js'
import { isNumber, type Obj } from '../lib/value.js'

const identifierName = /^(e_?mail(_?address)?|user_?name|login|handle|phone(_?number)?|identifier|account)$/i

/** Names of declared inputs that name an account. */
export const identifierInputs = (inputs: readonly Field[]): string[] =>
  inputs.filter((input) => input.type === 'email' || identifierName.test(input.name)).map((input) => input.name)

/** Null when the request names none. Case, width and spaces around do not tell accounts apart. */
export function accountKey(workspaceId: number, names: readonly string[], received: Obj): string | null {
  for (const name of names) {
    const value = received.get(name)
    if (typeof value !== 'string' && !isNumber(value)) continue
    const text = String(value).normalize('NFKC').trim().toLowerCase()
    if (text !== '') return `${workspaceId}|${text.slice(0, 400)}`
  }
  return null
}

/** For events: tells accounts apart without naming them. */
export const accountHash = (key: string): string => createHash('sha256').update(`event|${key}`).digest('hex').slice(0, 16)

/** Table of the first token a stack issues, when it is written there. */
export function issuedTable(stack: readonly Statement[]): string | undefined {
  for (const statement of stack) {
    const table = /^security\.create_(auth_token|session)$/.test(statement.name)
      ? statement.args.find((arg) => arg.name === 'table' || arg.name === 'dbtable')
      : undefined
    const name = table === undefined ? undefined : constantOf(table.value)
    if (typeof name === 'string') return name
    for (const block of statement.blocks) {
      const found = issuedTable(block.statements)
      if (found !== undefined) return found
    }
  }
  return undefined
}
