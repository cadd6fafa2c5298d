/** Text by code points: an emoji counts as one character, whatever it takes in UTF-16. */

const surrogates = /[\ud800-\udfff]/

export function lengthOf(text: string): number {
  if (!surrogates.test(text)) return text.length
  let count = 0
  for (const _ of text) count++
  return count
}

export const charactersOf = (text: string): string[] => Array.from(text)

/** Characters from `start` up to `end`, both counted in code points and inside the text. */
export function sliceCharacters(text: string, start: number, end: number): string {
  return surrogates.test(text) ? charactersOf(text).slice(start, end).join('') : text.slice(start, end)
}

/** Position in code points of the UTF-16 position `unit`. */
export const positionOf = (text: string, unit: number): number => lengthOf(text.slice(0, unit))

/** Text for comparing without regard to case; the same for every position in a word. */
export const foldCase = (text: string): string => text.toUpperCase().toLowerCase().replaceAll('ς', 'σ')
