/** Names of prepared statements. */
import { createHash } from 'node:crypto'

const remembered = new Map<string, string>()
const rememberedMax = 4096

/** A short name that is the same for the same SQL text everywhere; compile-time callers keep it beside their text. */
export function statementName(text: string): string {
  const known = remembered.get(text)
  if (known !== undefined) return known
  const name = `s_${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`
  if (remembered.size >= rememberedMax) remembered.clear()
  remembered.set(text, name)
  return name
}
