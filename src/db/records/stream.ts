/** Rows read by a cursor, a batch at a time: memory holds one batch, whatever the query finds. */

import { raw, sql } from '../../lib/sql.js'
import type { Value } from '../../lib/value.js'
import { isList } from '../../lib/value.js'
import type { Frame } from '../../runtime/frame.js'
import { ValueStream } from '../../runtime/stream.js'
import { CachedSql } from '../inputs.js'
import type { Enrich } from './addon.js'
import { type ReadPlan, rowsIn } from './plan.js'
import type { DatabaseSession } from './session.js'

const batchRows = 500

class RowStream extends ValueStream {
  readonly #read: () => AsyncIterable<readonly Value[]>

  constructor(read: () => AsyncIterable<readonly Value[]>) {
    super()
    this.#read = read
  }

  batches(): AsyncIterable<readonly Value[]> {
    return this.#read()
  }
}

/** A plan as a stream. What it asks for is settled when the statement runs; the rows are those at the time the loop begins. */
export function streaming(plan: ReadPlan, enrich: Enrich | null): (session: DatabaseSession, frame: Frame) => Value {
  const statement = new CachedSql((at) => sql`${plan.sql(at)}${plan.tail?.(at) ?? raw('')}`, { once: plan.once })
  return (session, frame) => {
    const reading = plan.inputs.read(frame)
    const command = statement.command(reading, session.schema)
    return new RowStream(async function* () {
      for await (const rows of session.stream(command, batchRows)) {
        const values = plan.finish(rows, reading, null)
        if (enrich !== null) await enrich(session, frame, rowsIn(values, false))
        if (isList(values)) yield values
      }
    })
  }
}
