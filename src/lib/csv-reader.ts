/** Reads CSV (RFC 4180) from pieces of text, in bounded memory. */
export interface CsvLimits {
  /** Characters of one cell. */
  cell: number
  /** Cells of one record. */
  cells: number
  /** Characters of one record. */
  record: number
}

export interface CsvCell {
  text: string
  quoted: boolean
}

export interface CsvRecord {
  /** Line of the file the record begins on, from 1. */
  line: number
  cells: CsvCell[]
}

/** A file that is no CSV, or goes past the limits. */
export class CsvError extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

type State = 'start' | 'plain' | 'quoted' | 'quote'

/** Records one by one; lines without any character are left out. Throws {@link CsvError}. */
export async function* readCsv(chunks: AsyncIterable<string>, separator: string, limits: CsvLimits): AsyncGenerator<CsvRecord> {
  let state: State = 'start'
  let cells: CsvCell[] = []
  let text = ''
  let quoted = false
  let size = 0
  let line = 1
  let startLine = 1
  let afterReturn = false

  const take = (piece: string): void => {
    text += piece
    size += piece.length
    if (text.length > limits.cell) throw new CsvError(startLine, `A cell is longer than ${limits.cell} characters.`)
    if (size > limits.record) throw new CsvError(startLine, `A record is longer than ${limits.record} characters.`)
  }
  const endCell = (): void => {
    if (cells.length >= limits.cells) throw new CsvError(startLine, `A record has more than ${limits.cells} cells.`)
    cells.push({ text, quoted })
    text = ''
    quoted = false
    state = 'start'
  }
  const endRecord = (): CsvRecord | null => {
    const empty = cells.length === 0 && text === '' && !quoted
    if (!empty) endCell()
    const record = empty ? null : { line: startLine, cells }
    cells = []
    size = 0
    state = 'start'
    return record
  }

  for await (const chunk of chunks) {
    let from = 0
    for (let i = 0; i < chunk.length; i++) {
      const char = chunk[i] as string
      if (afterReturn) {
        afterReturn = false
        // The second half of CRLF: the record has ended already.
        if (char === '\n') {
          from = i + 1
          continue
        }
      }
      if (state === 'quoted') {
        if (char === '\n') line++
        if (char !== '"') continue
        take(chunk.slice(from, i))
        from = i + 1
        state = 'quote'
        continue
      }
      if (state === 'quote' && char === '"') {
        state = 'quoted'
        from = i
        continue
      }
      if (char === '"') {
        if (state !== 'start') throw new CsvError(line, state === 'quote' ? 'A quote must be followed by a separator.' : 'A quote inside an unquoted cell.')
        state = 'quoted'
        quoted = true
        from = i + 1
        continue
      }
      if (char === separator || char === '\n' || char === '\r') {
        take(chunk.slice(from, i))
        from = i + 1
        if (char === separator) {
          endCell()
          continue
        }
        afterReturn = char === '\r'
        line++
        const record = endRecord()
        startLine = line
        if (record !== null) yield record
        continue
      }
      if (state === 'quote') throw new CsvError(line, 'A quote must be followed by a separator.')
      state = 'plain'
    }
    take(chunk.slice(from))
  }
  if ((state as State) === 'quoted') throw new CsvError(startLine, 'A quoted cell is not closed.')
  const record = endRecord()
  if (record !== null) yield record
}
