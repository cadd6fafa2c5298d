/** Every rule of docs/xanoscript.md: decisions 1–30, syntax of real programs, and the ambiguities, each through the real path it lives on. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRecordsCompiler, createRecordsSession } from '../../src/db/records.js'
import { AppError } from '../../src/errors.js'
import { parseDocuments } from '../../src/lang/parser.js'
import type { Json } from '../../src/lib/value.js'
import { checkDefinition } from '../../src/runtime/compile.js'
import { createJavaScript } from '../../src/services/javascript.js'
import { createBench } from '../db/records-fixture.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { createServer, type TestServer } from '../meta/server.js'
import { createRun, evaluate, type RecordsStub, registry, run } from './harness.js'

interface ExpectedProblem {
  severity: 'error' | 'warning'
  message?: string
  hint?: string
  unsupported?: true
}

/** What a case runs: an expression, a stack with a response, a program, a document to read, or a push with a request. */
interface Case {
  rule: string
  expr?: string
  stack?: string
  response?: string
  /** Declarations of the input block. */
  input?: string
  values?: Record<string, Json>
  program?: string
  document?: string
  /** Runs over the table `item`. */
  database?: true
  push?: string
  request?: { method: string; path: string; body?: Json; meta?: true; token?: string; headers?: Record<string, string> }
  /** A XanoScript expression. */
  result?: string | null
  error?: Record<string, Json>
  /** Text of a warning of the save. */
  warns?: string
  problems?: ExpectedProblem[]
  status?: number
  body?: Json
  text?: string
  /** Headers that must not be sent. */
  absent?: string[]
  /** The push is refused, naming this. */
  rejected?: string
  /** What is not built yet: until then the answer is an error that contains this, never a wrong result. */
  awaits?: string
}

const cases = JSON.parse(readFileSync(new URL('../cases/semantics.json', import.meta.url), 'utf8')) as Case[]
const title = (c: Case): string =>
  `${c.rule}: ${(c.expr ?? c.response ?? c.request?.path ?? c.document ?? c.program ?? c.push ?? '').replace(/\s+/g, ' ').slice(0, 90)}`
const titled = (list: Case[]): [string, Case][] => list.map((c) => [title(c), c])

const textOf = (c: Case): string =>
  c.program ?? `function "case" {\n  input {\n${c.input ?? ''}\n  }\n  stack {\n${c.stack ?? ''}\n  }\n  response = ${c.response ?? c.expr}\n}`

const problemsOf = (text: string): ExpectedProblem[] => {
  const { definitions, problems } = parseDocuments(text, registry)
  return [...problems, ...definitions.flatMap(({ definition }) => checkDefinition(definition, registry))]
}

/** Whether the work said that something is not built yet, as the case allows. */
async function saysPending({ awaits }: Case, work: Promise<unknown>): Promise<boolean> {
  if (awaits === undefined) return false
  const message = await work.then(
    () => '',
    (error: unknown) => (error instanceof AppError ? error.message : ''),
  )
  return message.includes(awaits)
}

async function judge(c: Case, work: Promise<Json>): Promise<void> {
  if (await saysPending(c, work)) return
  if (c.error) await expect(work).rejects.toMatchObject(c.error)
  else expect(await work).toEqual(await evaluate(c.result ?? 'null'))
  if (c.warns !== undefined)
    expect(problemsOf(textOf(c)).filter(({ severity }) => severity === 'warning')).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining(c.warns) }),
    )
}

const javascript = createJavaScript()
afterAll(() => javascript.close())

describe('programs', () => {
  it.each(titled(cases.filter((c) => !c.database && !c.push && c.document === undefined)))('%s', (_, c) =>
    judge(c, run(textOf(c), c.values, { run: createRun({ javascript }) })),
  )
})

describe('documents', () => {
  it.each(titled(cases.filter((c) => c.document !== undefined)))('%s', (_, c) => {
    const found = problemsOf(c.document ?? '')
    const wanted = c.problems ?? []
    expect(found.filter(({ severity }) => severity === 'error')).toHaveLength(wanted.filter(({ severity }) => severity === 'error').length)
    for (const { severity, message = '', hint = '' } of wanted)
      expect(found).toContainEqual(
        expect.objectContaining({ severity, message: expect.stringContaining(message), ...(hint === '' ? {} : { hint: expect.stringContaining(hint) }) }),
      )
  })
})

const item = 'table "item" {\n  schema {\n    int id\n    timestamp created_at?=now\n    text name\n    int amount?\n    decimal price?\n  }\n}'
const rows = '[{name: "Apple", price: 1.239}, {name: "apricot", price: 5}, {name: "Pear", price: 7.5}]'

describe('queries', () => {
  let database: TestDatabase
  let workspaceId = 0
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.drop())

  it.each(titled(cases.filter((c) => c.database)))('%s', async (_, c) => {
    const { tables } = await createBench(database.database, [item], { workspaceId: ++workspaceId })
    const compiler = createRecordsCompiler(tables, { lookupSqlFilter: (name) => registry.queryFilter(name)?.sql })
    const records: RecordsStub = (request) => compiler.compile(request)
    const session = (): ReturnType<typeof createRecordsSession> =>
      createRecordsSession(database.database, { workspaceId, datasource: 'live', datasources: ['live'] })
    await run(
      `function "seed" {\n  input {\n  }\n  stack {\n    db.bulk.add "item" {\n      items = ${rows}\n    } as $x\n  }\n  response = $x\n}`,
      {},
      { run: createRun({ records: session() }), records },
    )
    await judge(c, run(textOf(c), c.values, { run: createRun({ records: session() }), records }))
  })
})

describe('requests', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await createServer({ fresh: false, env: { STACKHOLD_ENV: 'development' } })
  })
  afterAll(() => server.close())

  it.each(titled(cases.filter((c) => c.push !== undefined)))('%s', async (_, c) => {
    const pushed = server.instance.push(c.push ?? '', { partial: false, delete: true })
    if (c.rejected !== undefined) {
      const error = await pushed.then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(AppError)
      expect(JSON.stringify([(error as AppError).message, (error as AppError).payload])).toContain(c.rejected)
      return
    }
    await pushed
    const { method = 'GET', path = '', body, meta, token, headers } = c.request ?? {}
    const answer = meta
      ? await server.meta(method, `/workspace/${server.instance.workspaceId}/${path}`, body, {
          ...(token === undefined ? {} : { token }),
          ...(headers ? { headers } : {}),
        })
      : await send(server, method, path, body, headers)
    if (c.awaits !== undefined && answer.status === 501 && answer.text.includes(c.awaits)) return
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: c.status, ...(c.text === undefined ? {} : { text: c.text }) })
    if (c.body !== undefined) expect(answer.body).toMatchObject(c.body as object)
    for (const header of c.absent ?? []) expect(answer.headers).not.toHaveProperty(header)
  })
})

async function send({ app }: TestServer, method: string, path: string, body: Json | undefined, headers: Record<string, string> = {}) {
  const json = body === undefined ? {} : { payload: JSON.stringify(body) }
  const response = await app.inject({
    method: method as 'GET',
    url: `/api:${path}`,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...json,
  })
  const isJson = String(response.headers['content-type']).startsWith('application/json')
  return {
    status: response.statusCode,
    text: response.body,
    body: isJson && response.body !== '' ? (JSON.parse(response.body) as Json) : null,
    headers: response.headers as Record<string, unknown>,
  }
}

/** The questions that the sources answer differently, as docs/xanoscript.md lists them: there are this many, and each has an answer and a case. */
const questionCount = 34

describe('the rules', () => {
  const covered = new Set(cases.map(({ rule }) => rule))

  it('have a case for every decision, 25 and 22 included', () => {
    expect(Array.from({ length: 30 }, (_, i) => String(i + 1)).filter((rule) => !covered.has(rule))).toEqual([])
  })

  it('have an answer and a case for every ambiguity, and document every one that has a case', () => {
    const docs = readFileSync(new URL('../../docs/xanoscript.md', import.meta.url), 'utf8')
    const section = docs.slice(docs.indexOf('## Where sources disagree')).split('\n## ')[0] ?? ''
    const rows = section.split('\n').flatMap((line) => /^\| (.+?) \| (.+) \|$/.exec(line)?.slice(1, 3) ?? [])
    const answers = new Map(Array.from({ length: rows.length / 2 }, (_, i) => [(rows[i * 2] ?? '').replaceAll('\\|', '|'), rows[i * 2 + 1]] as const))
    for (const heading of ['Question', '---']) answers.delete(heading)
    const questions = [...covered].filter((rule) => rule.startsWith('14: ')).map((rule) => rule.slice('14: '.length))
    expect([...answers.keys()].sort()).toEqual(questions.sort())
    expect(answers.size).toBe(questionCount)
  })
})
