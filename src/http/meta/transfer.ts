/** Rows in and out as files: CSV, JSON and lines of JSON, streamed both ways. */
import { PassThrough } from 'node:stream'
import { exportColumns } from '../../db/content-export.js'
import type { ImportReport } from '../../db/content-import.js'
import { findImportJob, type ImportJob } from '../../db/import-jobs.js'
import { tableInfo } from '../../db/table-info.js'
import { AppError, inputError } from '../../errors.js'
import { csvCell, guardFormula } from '../../lib/csv-writer.js'
import { fromPlain, isBinary, type Obj, type Value } from '../../lib/value.js'
import { stringify } from '../../runtime/serialize.js'
import { openRows, type Rows } from './content.js'
import { dateText } from './format.js'
import { type ImportFormat, type RowOptions, readRows } from './import-rows.js'
import { type ImportSource, openSource } from './import-source.js'
import { createJobs } from './jobs.js'
import { AcceptedAnswer, type MetaCall, type MetaRoute, StreamAnswer } from './route.js'
import { writeTo } from './stream.js'

const path = '/workspace/:workspace_id/table/:id/content'
const jobs = createJobs()
/** Bytes past which an import answers before it is done. */
const longImport = 33_554_432

function formatOf(source: ImportSource): ImportFormat {
  const asked = source.option('format').toLowerCase()
  if (asked === 'csv' || asked === 'json' || asked === 'ndjson') return asked
  if (asked !== '') throw inputError('format', '"format" must be csv, json or ndjson.')
  if (/ndjson|jsonl|json-seq/.test(source.type) || /\.(ndjson|jsonl)$/i.test(source.filename)) return 'ndjson'
  if (source.type === 'application/json' || /\.json$/i.test(source.filename)) return 'json'
  if (/^text\/|csv|octet-stream|excel/.test(source.type) || /\.csv$/i.test(source.filename) || source.type === '') return 'csv'
  throw new AppError('unsupportedMediaType', `Cannot import ${source.type}.`, {
    hint: 'Send text/csv, application/json or application/x-ndjson, or say format=csv.',
  })
}

const isOn = (text: string): boolean => ['true', '1', 'yes'].includes(text.toLowerCase())

function separatorOf(text: string): string {
  const separator = text === '' ? ',' : text === 'tab' || text === '\\t' ? '\t' : text
  if (separator.length !== 1 || /["\r\n]/.test(separator)) throw inputError('separator', '"separator" is one character, or tab.')
  return separator
}

function mappingOf(text: string): RowOptions['mapping'] {
  if (text === '') return null
  const wrong = (): AppError =>
    inputError('mapping', '"mapping" is a JSON object {"name in the file": "column" or null}, or without a header a list of columns.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw wrong()
  }
  const isTarget = (one: unknown): one is string | null => one === null || typeof one === 'string'
  if (Array.isArray(value) && value.every(isTarget)) return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong()
  const entries = Object.entries(value as Record<string, unknown>)
  if (!entries.every((entry): entry is [string, string | null] => isTarget(entry[1]))) throw wrong()
  return new Map(entries)
}

function modeOf(text: string): 'all_or_nothing' | 'report' {
  if (text === '' || text === 'all_or_nothing') return 'all_or_nothing'
  if (text === 'report') return 'report'
  throw inputError('mode', '"mode" must be all_or_nothing or report.')
}

async function startImport(call: MetaCall): Promise<unknown> {
  const rows = await openRows(call)
  const source = await openSource(call)
  let handedOver = false
  try {
    const options: RowOptions = {
      format: formatOf(source),
      header: source.option('header') === '' || isOn(source.option('header')),
      separator: separatorOf(source.option('separator')),
      mapping: mappingOf(source.option('mapping')),
    }
    const mode = modeOf(source.option('mode'))
    const allowIds = isOn(source.option('allow_id_field'))
    const work = (progress: (now: object) => void): Promise<ImportReport> => runImport(call, rows, source, options, { mode, allowIds, progress })
    const background = source.option('background')
    if (background === '' ? source.bytes <= longImport : !isOn(background)) return await jobs.within(() => work(() => {}))
    const job = await jobs.start(call.deps.db, { workspaceId: call.workspaceId, tableId: call.id('id') }, (progress) =>
      work(progress).finally(() => source.discard()),
    )
    handedOver = true
    return new AcceptedAnswer(jobJson(job))
  } finally {
    if (!handedOver) await source.discard()
  }
}

interface RunOptions {
  mode: 'all_or_nothing' | 'report'
  allowIds: boolean
  progress(now: object): void
}

async function runImport(call: MetaCall, { content, table }: Rows, source: ImportSource, options: RowOptions, { mode, allowIds, progress }: RunOptions) {
  const file = source.read()
  try {
    const report = await content.importRows(table, readRows(file, table, options), {
      mode,
      allowIds,
      progress: ({ read, added, failed }) => progress({ read, added, failed, bytes: file.bytesRead, bytes_total: source.bytes }),
    })
    await call.record('content.imported', { table: table.name, rows: report.added, failed: report.failed })
    call.deps.observe?.({ kind: 'content_imported', actor: call.caller.name, workspaceId: call.workspaceId, table: table.name, rows: report.added })
    return { mode, ...report, errors_left_out: report.failed - report.errors.length }
  } finally {
    file.destroy()
  }
}

const jobJson = (job: ImportJob): object => ({
  job_id: job.id,
  status: job.status,
  progress: job.progress,
  result: job.result,
  error: job.error,
  started_at: dateText(job.startedAt),
  ended_at: job.endedAt === null ? null : dateText(job.endedAt),
})

/** A job is seen only under the table it belongs to. */
async function readJob(call: MetaCall): Promise<object> {
  const job = await findImportJob(call.deps.db, { id: call.param('job'), workspaceId: call.workspaceId, tableId: call.id('id') })
  if (job === undefined) throw new AppError('notFound', 'There is no such import here.', { hint: 'Imports are known until an hour after their end.' })
  return jobJson(job)
}

type ExportFormat = 'csv' | 'json' | 'ndjson'

/** How a file of one format begins, continues and ends. */
interface Writer {
  type: string
  head: string
  rows(rows: readonly Obj[], first: boolean): string
  tail: string
}

const writers: Readonly<Record<ExportFormat, (columns: readonly { name: string; model: { type: string } }[]) => Writer>> = {
  csv: (columns) => ({
    type: 'text/csv; charset=utf-8',
    head: `${columns.map(({ name }) => csvCell(guardFormula(name))).join(',')}\r\n`,
    rows: (rows) => rows.map((row) => `${columns.map(({ name, model }) => csvValue(row.get(name) ?? null, model.type)).join(',')}\r\n`).join(''),
    tail: '',
  }),
  json: () => ({
    type: 'application/json; charset=utf-8',
    head: '[',
    rows: (rows, first) => rows.map((row, i) => `${first && i === 0 ? '' : ','}\n${stringify(row)}`).join(''),
    tail: '\n]\n',
  }),
  ndjson: () => ({ type: 'application/x-ndjson; charset=utf-8', head: '', rows: (rows) => rows.map((row) => `${stringify(row)}\n`).join(''), tail: '' }),
}

function csvValue(value: Value, type: string): string {
  if (value === null) return ''
  if (typeof value === 'number') return type === 'timestamp' ? new Date(value).toISOString() : String(value)
  if (typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' && type !== 'json' ? value : isBinary(value) ? Buffer.from(value).toString('base64') : stringify(value)
  // A decimal is a number whatever it is kept as.
  return type === 'decimal' || type === 'int' ? text : csvCell(guardFormula(text))
}

async function startExport(call: MetaCall): Promise<unknown> {
  const { content, table } = await openRows(call)
  const format = (call.query('format') || 'csv').toLowerCase()
  if (!Object.hasOwn(writers, format)) throw inputError('format', '"format" must be csv, json or ndjson.')
  const names =
    call.query('columns') === ''
      ? undefined
      : call
          .query('columns')
          .split(',')
          .map((name) => name.trim())
  const columns = exportColumns(tableInfo(table), names)
  const writer = writers[format as ExportFormat](columns)
  const search = searchOf(call.query('search'))
  const out = new PassThrough({ highWaterMark: 65_536 })
  await new Promise<void>((resolve, reject) => {
    let begun = false
    const begin = (): void => {
      if (begun) return
      begun = true
      out.write(writer.head)
      resolve()
    }
    jobs
      .within(async () => {
        let first = true
        const total = await content.exportRows(table, { ...(names === undefined ? {} : { columns: names }), search }, async (rows) => {
          begin()
          await writeTo(out, writer.rows(rows, first))
          first = false
        })
        begin()
        await call.record('content.exported', { table: table.name, format, rows: total })
        out.end(writer.tail)
        call.deps.observe?.({ kind: 'content_exported', actor: call.caller.name, workspaceId: call.workspaceId, table: table.name, rows: total })
      })
      .catch((error: unknown) => {
        // After the head is sent only a broken stream can say that the file is not whole.
        if (begun) out.destroy(error instanceof Error ? error : new Error(String(error)))
        else reject(error)
      })
  })
  return new StreamAnswer(out, writer.type, `${table.name}.${format}`)
}

function searchOf(text: string): Value {
  if (text === '') return null
  try {
    return fromPlain(JSON.parse(text))
  } catch {
    throw inputError('search', '"search" must be JSON, as for POST …/content/search.')
  }
}

export const transferRoutes: readonly MetaRoute[] = [
  { method: 'POST', path: `${path}/import`, area: 'import', action: 'content.import', streams: true, handle: startImport },
  { method: 'GET', path: `${path}/import/:job`, area: 'import', handle: readJob },
  { method: 'GET', path: `${path}/export`, area: 'export', action: 'content.export', handle: startExport },
]
