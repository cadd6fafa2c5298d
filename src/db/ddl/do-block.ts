/** Blocks of procedural SQL. */
import { createHash } from 'node:crypto'

/** `do` with quotes made of its body, so that no name or text within can end it. */
export function doBlock(body: string): string {
  const tag = `$b${createHash('sha256').update(body).digest('hex').slice(0, 24)}$`
  return `do ${tag} ${body} ${tag}`
}
