/** SQL as a value: text with numbered holes. Values are only ever parameters; identifiers only ever quoted names. */

/** A piece of SQL: `chunks[0] hole[0] chunks[1] …`; a hole is a parameter slot of type `P`. */
export interface Sql<P = unknown> {
  readonly chunks: readonly string[]
  readonly holes: readonly P[]
}

/** Text that is part of the program, never of the input. */
export const raw = (text: string): Sql<never> => ({ chunks: [text], holes: [] })
/** A bound parameter. */
export const param = <P>(hole: P): Sql<P> => ({ chunks: ['', ''], holes: [hole] })
/** A quoted identifier; NUL is refused by Postgres itself. */
export const ident = (...names: string[]): Sql<never> => raw(names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.'))

/** Template tag: every interpolated value must itself be `Sql`. */
export function sql<P>(strings: TemplateStringsArray, ...parts: Sql<P>[]): Sql<P> {
  const chunks: string[] = [strings[0] ?? '']
  const holes: P[] = []
  parts.forEach((part, i) => {
    append(chunks, holes, part)
    chunks[chunks.length - 1] += strings[i + 1] ?? ''
  })
  return { chunks, holes }
}

/** Pieces joined by a separator. */
export function join<P>(parts: readonly Sql<P>[], separator = ', '): Sql<P> {
  const chunks = ['']
  const holes: P[] = []
  parts.forEach((part, i) => {
    if (i > 0) chunks[chunks.length - 1] += separator
    append(chunks, holes, part)
  })
  return { chunks, holes }
}

function append<P>(chunks: string[], holes: P[], part: Sql<P>): void {
  chunks[chunks.length - 1] += part.chunks[0] ?? ''
  for (let i = 0; i < part.holes.length; i++) {
    holes.push(part.holes[i] as P)
    chunks.push(part.chunks[i + 1] ?? '')
  }
}

/** The text with `$1 … $n` and the holes in that order. */
export function render<P>(piece: Sql<P>): { text: string; holes: readonly P[] } {
  let text = piece.chunks[0] ?? ''
  for (let i = 0; i < piece.holes.length; i++) text += `$${i + 1}${piece.chunks[i + 1] ?? ''}`
  return { text, holes: piece.holes }
}
