/** Texts of strangers in records: one line, no terminal codes, bounded (CWE-117). */

/** Control characters, line separators, characters that turn the direction of writing, and halves of pairs. */
const unprintable = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Surrogate}]/gu

/** Every character that is not for reading becomes U+FFFD; what is longer than `max` characters ends with `…`. */
export function plainLine(text: string, max = 500): string {
  const clean = text.slice(0, max + 1).replace(unprintable, '\ufffd')
  // A pair that was cut in two is no character.
  return clean.length > max ? `${clean.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…` : clean
}

/** The same for every text inside of plain data, names of members too. Depth and size are the caller's concern. */
export function plainData(value: unknown): unknown {
  if (typeof value === 'string') return plainLine(value)
  if (Array.isArray(value)) return value.map(plainData)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[plainLine(key, 100), plainData(member)]])))
}
