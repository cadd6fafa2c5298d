/**
 * A prepared statement whose rows leave as the texts that Postgres sends. The driver's own query makes of every description of columns a
 * template, of every row an object and of every value something parsed; here its messages are kept as they come. The methods are those
 * the driver calls of every query (`pg/lib/client.js`).
 */
import pg from 'pg'
import type { TextRow } from './queryable.js'

export interface TextResult {
  rows: TextRow[]
  rowCount: number
}

class TextQuery extends pg.Query {
  // Fields of the driver's query, which its `prepare` reads.
  readonly name: string
  readonly values: readonly unknown[]
  callback: (error: Error | null) => void
  readonly found: TextRow[] = []

  constructor(text: string, values: readonly unknown[], name: string, callback: (error: Error | null) => void) {
    super(text)
    this.name = name
    this.values = values
    this.callback = callback
  }

  handleRowDescription(): void {}

  handleDataRow({ fields }: { fields: TextRow }): void {
    this.found.push(fields)
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(null)
  }
}

/** Runs a statement on a connection under its name. Rejects with the driver's error. */
export const runTextQuery = (client: pg.ClientBase, text: string, values: readonly unknown[], name: string): Promise<TextResult> =>
  new Promise((resolve, reject) => {
    const query = new TextQuery(text, values, name, (error) => {
      if (error === null) resolve({ rows: query.found, rowCount: query.found.length })
      else reject(error)
    })
    client.query(query)
  })
