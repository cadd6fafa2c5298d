/** Rows from a file, through the same checks as any other write: in one transaction, batch by batch, with a report by line. */
import { AppError } from '../errors.js'
import { ident } from '../lib/sql.js'
import type { Obj } from '../lib/value.js'
import { sqlState } from './failure.js'
import { CachedSql, encoded } from './inputs.js'
import { hasId, insertRows, moveSequence, type NewRow, readId, rowsParameter, toJsonRow, withIds, withNewIds } from './records/bulk.js'
import type { DatabaseSession } from './records/session.js'
import { readNewRow, type Writer, writableColumns } from './records/write.js'
import type { TableInfo } from './table-info.js'

/** A row and the line it begins on; `problem` when it cannot be one. */
export interface ImportRow {
  line: number
  data: Obj
  problem?: AppError
}

export interface RowProblem {
  line: number
  /** Number of the row in the file, from 1. */
  row: number
  /** `""` when the whole row is at fault. */
  column: string
  message: string
}

export interface ImportReport {
  read: number
  added: number
  failed: number
  /** The first {@link problemsMax}. */
  errors: RowProblem[]
}

export interface ImportOptions {
  /** `report` leaves rows out that fail; `all_or_nothing` adds none then. */
  mode: 'all_or_nothing' | 'report'
  /** Ids in the rows are kept. */
  allowIds: boolean
  /** Told after every batch. */
  progress?(report: ImportReport): void
}

const problemsMax = 1_000

interface ReadyRow {
  line: number
  row: number
  draft: NewRow
}

/** Errors of one row; anything else ends the import. */
const rowStates = /^(23|22|54000)/
const isRowFault = (error: unknown): error is AppError =>
  error instanceof AppError && (error.kind === 'input' || error.kind === 'badRequest' || (error.kind === 'fatal' && rowStates.test(sqlState(error.cause))))

/** Throws `input` with `payload {errors, read, failed}` when a row fails and all or nothing is wanted. */
export async function importRows(
  session: DatabaseSession,
  info: TableInfo,
  writer: () => Writer,
  batches: AsyncIterable<readonly ImportRow[]>,
  options: ImportOptions,
): Promise<ImportReport> {
  const report: ImportReport = { read: 0, added: 0, failed: 0, errors: [] }
  const importer = new Importer(session, info, report, options.mode === 'report' ? null : 20)
  await session.transaction(async () => {
    for await (const batch of batches) {
      await importer.add(batch, writer(), options.allowIds)
      if (options.mode === 'all_or_nothing' && report.failed > 0) throw refusal(report)
      options.progress?.(report)
    }
    if (importer.hasIds) await moveSequence(session, info)
  })
  return report
}

const refusal = ({ errors, read, failed }: ImportReport): AppError =>
  new AppError('input', `Nothing was imported: line ${errors[0]?.line ?? 0}: ${errors[0]?.message ?? ''}`, {
    payload: { param: errors[0]?.column ?? '', errors, read, failed },
    hint: 'Correct the rows in payload.errors, or import with mode=report to leave them out.',
  })

class Importer {
  readonly #session: DatabaseSession
  readonly #info: TableInfo
  readonly #report: ImportReport
  readonly #plain: CachedSql
  readonly #withIds: CachedSql
  readonly #stopsAt: number | null
  hasIds = false

  constructor(session: DatabaseSession, info: TableInfo, report: ImportReport, stopsAt: number | null) {
    this.#stopsAt = stopsAt
    const nothing = { selected: [{ name: info.primary.name, sql: ident(info.model.name, info.primary.name), decode: () => null }], prune: new Map() }
    this.#session = session
    this.#info = info
    this.#report = report
    this.#plain = new CachedSql(() => insertRows(info, writableColumns(info), nothing))
    this.#withIds = new CachedSql(() => insertRows(info, info.columns, nothing))
  }

  async add(batch: readonly ImportRow[], writer: Writer, allowIds: boolean): Promise<void> {
    const ready: ReadyRow[] = []
    for (const row of batch) {
      const number = ++this.#report.read
      try {
        ready.push({ line: row.line, row: number, draft: await this.#read(row, writer, allowIds) })
      } catch (error) {
        if (!isRowFault(error)) throw error
        this.#fail(row.line, number, error)
      }
    }
    const given = ready.filter(({ draft }) => hasId(draft))
    this.hasIds ||= given.length > 0
    await this.#insert(given)
    await this.#insert(
      await this.#numbered(
        ready.filter(({ draft }) => !hasId(draft)),
        given.length > 0,
      ),
    )
  }

  async #read({ data, problem }: ImportRow, writer: Writer, allowIds: boolean): Promise<NewRow> {
    if (problem !== undefined) throw problem
    const { primary } = this.#info
    const values = await readNewRow(this.#info, data, writer)
    const id = allowIds ? (data.get(primary.name) ?? null) : null
    return { values, id: id === null || id === '' ? null : readId(primary, id, 0) }
  }

  /** Rows of tables with encrypted columns get their ids here. */
  async #numbered(rows: readonly ReadyRow[], afterGiven: boolean): Promise<readonly ReadyRow[]> {
    if (this.#info.sealed.length === 0 || rows.length === 0) return rows
    if (afterGiven) await moveSequence(this.#session, this.#info)
    const drafts = await withNewIds(
      this.#session,
      this.#info,
      rows.map(({ draft }) => draft),
    )
    return rows.map((row, i) => ({ ...row, draft: drafts[i] ?? row.draft }))
  }

  /** What Postgres refuses is halved until the rows at fault stand alone. */
  async #insert(rows: readonly ReadyRow[]): Promise<void> {
    const [first] = rows
    if (first === undefined) return
    const drafts = rows.map(({ draft }) => draft)
    const [statement, json] = hasId(first.draft) ? [this.#withIds, withIds(this.#info, drafts)] : [this.#plain, drafts.map(({ values }) => toJsonRow(values))]
    try {
      await this.#session.transaction(() => this.#session.run(statement.command(encoded(rowsParameter(json)), this.#session.schema)))
      this.#report.added += rows.length
    } catch (error) {
      if (!isRowFault(error)) throw error
      if (this.#stopsAt !== null && this.#report.failed >= this.#stopsAt) return
      if (rows.length === 1) return this.#fail(first.line, first.row, error)
      const middle = rows.length >> 1
      await this.#insert(rows.slice(0, middle))
      await this.#insert(rows.slice(middle))
    }
  }

  #fail(line: number, row: number, { message, payload }: AppError): void {
    this.#report.failed++
    const param = typeof payload === 'object' && payload !== null && 'param' in payload ? String(payload.param) : ''
    if (this.#report.errors.length < problemsMax) this.#report.errors.push({ line, row, column: param, message: message.replace(/^items\[\d+\]: /, '') })
  }
}
