/** R40: values of workspace variables go in and come out nowhere, but for whoever may read secrets, and that is written down. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metaRoutes } from '../../src/http/meta/index.js'
import { createServer, type TestServer } from '../meta/server.js'

const canary = 'canary-env-4b1d77-value'
let server: TestServer
beforeAll(async () => {
  server = await createServer()
  const text = [
    `workspace demo {\n  env = {PAYMENT_KEY: "${canary}"}\n}`,
    'api_group shop {\n  canonical = "shopshopshopshopshopsh"\n  swagger = {active: true, token: ""}\n}',
    'query "fail" verb=GET {\n  api_group = "shop"\n  public = "For the test."\n  input {\n    int n?\n  }\n  stack {\n    var $key {\n      value = $env.PAYMENT_KEY\n    }\n    precondition ($key == "other") {\n      error = "Not today."\n    }\n  }\n  response = 1\n}',
  ].join('\n---\n')
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true&env=true', text)
  expect(pushed.status).toBe(200)
  expect(pushed.text).not.toContain(canary)
})
afterAll(() => server.close())

it('is in no answer to any GET of the Metadata API, for the owner himself', async () => {
  const ids = [...new Set((await server.instance.db.query<{ id: number }>('select id from stackhold.definition')).map(({ id }) => String(id)))]
  let asked = 0
  for (const route of metaRoutes.filter(({ method }) => method === 'GET')) {
    const base = route.path.replace(':workspace_id', '1').replace(':label', 'v1').replace(':name', 'stackhold')
    const paths = base.includes('/:') ? ids.map((id) => base.replace(/:\w+/g, id)) : [base]
    for (const path of paths) {
      for (const query of ['?include_xanoscript=true', '?records=true&include_draft=true', '?format=yaml']) {
        const answer = await server.meta('GET', path + query)
        asked++
        expect([path, answer.text.includes(canary)]).toEqual([path, false])
      }
    }
  }
  expect(asked).toBeGreaterThan(500)
}, 120_000)

it('is in no answer to strangers: errors, documentation, OpenAPI', async () => {
  for (const url of [
    '/api:shopshopshopshopshopsh/fail',
    '/api:shopshopshopshopshopsh/fail?n=x',
    '/apispec:shopshopshopshopshopsh',
    '/api:shopshopshopshopshopsh',
    '/',
    '/metrics',
    '/health',
  ]) {
    const answer = await server.app.inject({ url })
    expect([url, answer.body.includes(canary)]).toEqual([url, false])
  }
})

it('is sealed in the database, and in no log of changes', async () => {
  for (const table of ['env_var', 'definition', 'definition_version', 'audit_entry', 'request_history', 'setting', 'workspace'])
    expect([table, JSON.stringify(await server.instance.db.query(`select t::text as text from stackhold.${table} t`)).includes(canary)]).toEqual([table, false])
})

it('comes out in a pull that asks for it, with the scope for secrets, and the audit log says so', async () => {
  const pull = async (scopes: string[]) => server.meta('GET', '/workspace/1/multidoc?env=true', undefined, { token: await server.tokenWith(scopes) })
  expect((await pull(['workspace'])).status).toBe(403)
  expect((await pull(['workspace:read', 'secret:write'])).status).toBe(403)
  const allowed = await pull(['workspace:read', 'secret:read'])
  expect([allowed.status, allowed.text.includes(canary)]).toEqual([200, true])
  const [entry] = (await server.meta('GET', '/audit_log?include_data=true&action=multidoc.pull')).body.items
  expect(entry).toMatchObject({ user: 'other', data: { query: { env: 'true' } } })
})

it('is not shown by runs of functions and tests to those who may not read secrets: results, logs, errors', async () => {
  const functions = [
    'function shows {\n  input {\n  }\n  stack {\n    debug.log {\n      value = $env.PAYMENT_KEY\n    }\n  }\n  response = {key: $env.PAYMENT_KEY, list: [{said: "it is " ~ $env.PAYMENT_KEY}], other: "plain"}\n}',
    'function throws {\n  input {\n  }\n  stack {\n    precondition (false) {\n      error = "no " ~ $env.PAYMENT_KEY\n    }\n  }\n  response = 1\n}',
    'workflow_test tells {\n  stack {\n    precondition (false) {\n      error = "no " ~ $env.PAYMENT_KEY\n    }\n  }\n}',
  ]
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', functions.join('\n---\n'))
  expect([pushed.status, pushed.text.slice(0, 200)]).toEqual([200, expect.any(String)])
  const [builder, owner] = [await server.tokenWith(['function']), await server.tokenWith(['function', 'secret'])]
  const run = (name: string, token: string) => server.meta('POST', '/workspace/1/function/run', { name, input: {} }, { token })
  for (const name of ['shows', 'throws']) {
    const [hidden, shown] = [await run(name, builder), await run(name, owner)]
    expect([name, hidden.status, hidden.text.includes(canary), hidden.text.includes('(masked)'), shown.text.includes(canary)]).toEqual([
      name,
      200,
      false,
      true,
      true,
    ])
  }
  expect((await run('shows', builder)).body.result).toEqual({ key: '(masked)', list: [{ said: 'it is (masked)' }], other: 'plain' })
  const test = functions[2]?.replace('workflow_test tells', 'workflow_test again')
  const flow = await server.meta('POST', '/workspace/1/workflow_test/run', test, { token: builder })
  expect([flow.status, flow.text.includes(canary), flow.text.includes('(masked)')]).toEqual([200, false, true])
})
