import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints, later } from './endpoints.js'
import { makeApp, type TestApp } from './harness.js'

let production: TestApp
let development: TestApp
const get = (path: string, app = production) => app.app.inject(`/api:abc123/${path}`)

beforeAll(async () => {
  production = await makeApp([{ endpoints }])
  development = await makeApp([{ endpoints }], { STACKHOLD_ENV: 'development' })
})
afterAll(() => Promise.all([production.app.close(), development.app.close()]))

describe('util.set_header', () => {
  it('sets the status', async () => {
    const answer = await get('created')
    expect([answer.statusCode, answer.json()]).toEqual([201, { ok: true }])
  })

  it('sends text and bytes raw under another content type', async () => {
    const html = await get('html')
    expect([html.body, html.headers['content-type'], html.headers['cache-control'], html.headers['content-length']]).toEqual([
      '<p>é</p>',
      'text/html; charset=utf-8',
      'max-age=60',
      '9',
    ])
    expect([...(await get('binary')).rawPayload]).toEqual([0x89, 0x50, 0xff, 0])
    expect((await get('object-as-text')).body).toBe('{"a":1}')
    expect((await get('problem')).body).toBe('"text"')
  })

  it('keeps nosniff and leaves CORS to the group', async () => {
    expect((await get('html')).headers['x-content-type-options']).toContain('nosniff')
    const answer = await get('own-cors')
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('sends no body with 204', async () => {
    const answer = await get('empty')
    expect([answer.statusCode, answer.body, answer.headers['content-type'], answer.headers['content-length']]).toEqual([204, '', undefined, undefined])
  })

  it.each(['split-value', 'split-name', 'framing', 'status-99'])('refuses %s', async (path) => {
    const answer = await get(path)
    expect(answer.statusCode).toBe(500)
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(answer.headers['x-b']).toBeUndefined()
  })

  it('lets the status of an error win', async () => {
    const answer = await get('header-then-error')
    expect([answer.statusCode, answer.headers['x-a']]).toEqual([404, undefined])
  })
})

describe('post-processing', () => {
  it('runs after the answer; a failure is reported and stops nothing', async () => {
    later.length = 0
    production.facts.length = 0
    expect((await get('later')).json()).toBe('now')
    await expect.poll(() => later).toEqual(['first', 'third'])
    expect(production.facts).toMatchObject([{ kind: 'after_response_failed', document: 'GET later' }])
  })
})

describe('R26: errors', () => {
  it.each([
    ['input', 400, { code: 'ERROR_CODE_INPUT_ERROR', message: 'Missing param: email', payload: { param: 'email' } }],
    ['denied', 403, { code: 'ERROR_CODE_ACCESS_DENIED', message: 'Access Denied.', payload: '' }],
    ['thrown', 500, { code: 'stock', message: 'Out of stock', payload: { left: 0 } }],
    ['precondition', 500, { code: 'ERROR_FATAL', message: 'Not today.', payload: '' }],
    ['sql', 500, { code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' }],
    ['bug', 500, { code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' }],
    ['string', 500, { code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' }],
  ])('answers %s in production', async (path, status, body) => {
    const answer = await get(path)
    expect([answer.statusCode, answer.json()]).toEqual([status, body])
    expect(answer.body).not.toContain('canary')
  })

  it('says more in development', async () => {
    expect((await get('precondition', development)).json()).toMatchObject({ message: 'Not today.', position: { document: 'query "x" GET', line: 3 } })
    expect((await get('sql', development)).json()).toMatchObject({ message: 'SQL Error: relation "canary_table" does not exist', detail: 'canary_detail' })
    expect((await get('input', development)).json()).toHaveProperty('hint')
  })

  it('sends Retry-After once with 503 and 429', async () => {
    expect((await get('busy')).headers['retry-after']).toBe('1')
    expect((await get('slow-down')).headers['retry-after']).toBe('9')
  })

  it('reports what failed inside', async () => {
    production.facts.length = 0
    await get('bug')
    await get('input')
    expect(production.facts).toMatchObject([
      { kind: 'request_failed', status: 500, document: 'GET bug' },
      { kind: 'input_validation_fail', endpoint: 'GET input', reason: 'email' },
    ])
  })
})
