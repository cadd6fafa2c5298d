/** Numbers that arrive as text. */

const pattern = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

/** The number a text spells, blanks around it ignored; `undefined` when it spells none. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim()
  if (!pattern.test(trimmed)) return undefined
  const value = Number(trimmed)
  return Number.isFinite(value) ? value : undefined
}
