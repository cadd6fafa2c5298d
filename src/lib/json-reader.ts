/** Splits a JSON array of objects, or lines of JSON, into the texts of their items, in bounded memory. */
export interface JsonPiece {
  /** Line of the file the item begins on, from 1. */
  line: number
  text: string
}

export class JsonSplitError extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

const tooLong = (line: number, max: number): JsonSplitError => new JsonSplitError(line, `An item is longer than ${max} characters.`)

/** One item per line; empty lines are left out. */
export async function* readLines(chunks: AsyncIterable<string>, max: number): AsyncGenerator<JsonPiece> {
  let rest = ''
  let line = 1
  for await (const chunk of chunks) {
    const parts = chunk.split('\n')
    for (const [i, part] of parts.entries()) {
      rest += part
      if (rest.length > max) throw tooLong(line, max)
      if (i === parts.length - 1) break
      if (rest.trim() !== '') yield { line, text: rest }
      rest = ''
      line++
    }
  }
  if (rest.trim() !== '') yield { line, text: rest }
}

/** The items of one array. What an item is made of is left to `JSON.parse`. */
export async function* readArray(chunks: AsyncIterable<string>, max: number): AsyncGenerator<JsonPiece> {
  let state: 'before' | 'item' | 'after' = 'before'
  let depth = 0
  let inString = false
  let escaped = false
  let item = ''
  let line = 1
  let startLine = 1
  let count = 0

  const finish = (): JsonPiece | null => {
    const text = item.trim()
    item = ''
    return text === '' ? null : { line: startLine, text }
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let i = 0; i < chunk.length; i++) {
      const char = chunk[i] as string
      if (char === '\n') line++
      if (inString) {
        if (escaped) escaped = false
        else if (char === '\\') escaped = true
        else if (char === '"') inString = false
        continue
      }
      if (state !== 'item') {
        if (/\s/.test(char)) continue
        if (state === 'after' || char !== '[')
          throw new JsonSplitError(line, state === 'after' ? 'Text follows the array.' : 'The file must be a JSON array of objects.')
        state = 'item'
        from = i + 1
        startLine = line
        continue
      }
      if (char === '"') inString = true
      else if (char === '{' || char === '[') {
        if (depth === 0) startLine = line
        depth++
      } else if (char === '}' || (char === ']' && depth > 0)) {
        if (--depth < 0) throw new JsonSplitError(line, 'A bracket closes that was not opened.')
      } else if (depth === 0 && (char === ',' || char === ']')) {
        item += chunk.slice(from, i)
        from = i + 1
        const piece = finish()
        if (piece === null && (char === ',' || count > 0)) throw new JsonSplitError(line, 'An item of the array is empty.')
        if (piece !== null) {
          count++
          yield piece
        }
        if (char === ']') state = 'after'
      }
    }
    if (state === 'item') item += chunk.slice(from)
    if (item.length > max) throw tooLong(startLine, max)
  }
  if ((state as string) !== 'after') throw new JsonSplitError(line, 'The JSON array is not closed.')
}
