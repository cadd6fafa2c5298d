import { afterAll, beforeAll, expect, it } from 'vitest'
import { createServer, type TestServer } from './server.js'

let server: TestServer
beforeAll(async () => {
  server = await createServer()
})
afterAll(() => server.close())

it.each([
  ['GET', '/sandbox/me', 'sandboxes'],
  ['POST', '/sandbox/multidoc?partial=true', 'sandboxes'],
  ['GET', '/workspace/1/tenant', 'tenants'],
  ['POST', '/workspace/1/tenant/a/backup', 'tenants'],
  ['GET', '/tenant/cluster', 'clusters'],
  ['GET', '/platform/1', 'platforms'],
  ['POST', '/workspace/1/release', 'releases'],
  ['GET', '/workspace/1/static_host/default/build?page=1', 'static hosting'],
  ['GET', '/workspace/1/file', 'files'],
  ['POST', '/workspace/1/export-schema', 'archives'],
  ['POST', '/workspace/1/import', 'archives'],
  ['POST', '/workspace/1/task_history/search', 'this history'],
  ['GET', '/workspace/1/realtime', 'realtime settings'],
  ['GET', '/mcp_server/documentation?type=start', 'documentation'],
])('says of %s %s that it is not here, and what to use', async (method, path, what) => {
  const { status, body } = await server.meta(method, path, method === 'POST' ? {} : undefined)
  expect(status).toBe(501)
  expect(body).toMatchObject({ code: 'ERROR_CODE_NOT_SUPPORTED', message: expect.stringMatching(new RegExp(what, 'i')), hint: expect.stringMatching(/./) })
})

it('knows nothing of other paths, and tells a stranger nothing', async () => {
  expect((await server.meta('GET', '/workspace/1/filed')).body).toMatchObject({ code: 'ERROR_CODE_NOT_FOUND' })
  expect((await server.meta('GET', '/sandbox/me', undefined, { token: 'wrong' })).status).toBe(401)
})
