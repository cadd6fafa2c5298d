/** Endpoints whose programs answer in every way there is. */
import { AppError, fatal, inputError } from '../../src/errors.js'
import { obj, type Value } from '../../src/lib/value.js'
import type { Run } from '../../src/runtime/frame.js'
import { ThrownError } from '../../src/runtime/thrown.js'
import type { TestEndpoint } from './harness.js'

/** A stack that sets status and headers and answers `value`. */
const answering = (status: number | null, headers: [string, string][], value: Value) => (run: Run) => {
  run.response.status = status
  run.response.headers.push(...headers)
  return value
}

/** What ran after an answer. */
export const later: string[] = []

/** Answers of every kind. */
export const endpoints: TestEndpoint[] = [
  {
    path: 'created',
    run: answering(
      201,
      [
        ['X-A', '1'],
        ['x-a', '2'],
      ],
      obj([['ok', true]]),
    ),
  },
  {
    path: 'html',
    run: answering(
      null,
      [
        ['Content-Type', 'text/html; charset=utf-8'],
        ['Cache-Control', 'max-age=60'],
        ['X-Content-Type-Options', 'none'],
      ],
      '<p>é</p>',
    ),
  },
  { path: 'binary', run: answering(null, [['Content-Type', 'image/png']], new Uint8Array([0x89, 0x50, 0xff, 0])) },
  { path: 'object-as-text', run: answering(null, [['Content-Type', 'text/plain']], obj([['a', 1]])) },
  { path: 'problem', run: answering(null, [['Content-Type', 'application/problem+json']], 'text') },
  { path: 'empty', run: answering(204, [], null) },
  { path: 'split-value', run: answering(null, [['X-A', 'a\r\nSet-Cookie: b=1']], 1) },
  { path: 'split-name', run: answering(null, [['X-A\r\nX-B', 'a']], 1) },
  { path: 'framing', run: answering(null, [['Transfer-Encoding', 'chunked']], 1) },
  { path: 'status-99', run: answering(99, [], 1) },
  {
    path: 'own-cors',
    run: answering(
      null,
      [
        ['Access-Control-Allow-Origin', '*'],
        ['Access-Control-Allow-Credentials', 'true'],
      ],
      1,
    ),
  },
  {
    path: 'header-then-error',
    run: (run) => {
      answering(201, [['X-A', '1']], null)(run)
      throw new AppError('notFound')
    },
  },
  {
    path: 'later',
    run: (run) => {
      run.afterResponse(async () => void later.push('first'))
      run.afterResponse(async () => {
        throw new Error('boom')
      })
      run.afterResponse(async () => void later.push('third'))
      return 'now'
    },
  },
  { path: 'input', run: () => fail(inputError('email', 'Missing param: email')) },
  { path: 'denied', run: () => fail(new AppError('accessDenied')) },
  { path: 'thrown', run: () => fail(new ThrownError('fatal', 'Out of stock', 'Out of stock', { code: 'stock', payload: obj([['left', 0]]) })) },
  { path: 'precondition', run: () => fail(fatal('Not today.', { position: { document: 'query "x" GET', line: 3, statement: 'precondition' } })) },
  { path: 'sql', run: () => fail(fatal('SQL Error: relation "canary_table" does not exist', { detail: 'canary_detail', cause: new Error('canary_cause') })) },
  { path: 'bug', run: () => fail(new TypeError('canary_bug at /home/canary/file.ts')) },
  { path: 'string', run: () => fail('canary_string') },
  { path: 'busy', run: () => fail(new AppError('unavailable')) },
  { path: 'slow-down', run: () => fail(new AppError('tooManyRequests', undefined, { headers: { 'Retry-After': '9' } })) },
  { path: 'ok', run: () => 1 },
  { path: 'secret', auth: 'user', run: () => 1 },
]
const fail = (error: unknown): never => {
  throw error
}
