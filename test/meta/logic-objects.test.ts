import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from './server.js'

let server: TestServer
beforeAll(async () => {
  server = await createServer()
})
afterAll(() => server.close())

const W = '/workspace/1'

describe('stored constructs', () => {
  const texts: Record<string, [path: string, text: string]> = {
    task: ['task', 'task t1 {\n  active = true\n  stack {\n  }\n}'],
    middleware: [
      'middleware',
      'middleware m1 {\n  input {\n    json vars\n    enum type {\n      values = ["pre", "post"]\n    }\n  }\n  stack {\n  }\n  response = 1\n}',
    ],
    addon: ['addon', 'addon a1 {\n  input {\n  }\n  stack {\n    db.query user {\n    }\n  }\n}'],
    tool: ['tool', 'tool t1 {\n  instructions = "Does."\n  input {\n  }\n  stack {\n  }\n  response = 1\n}'],
    agent: ['agent', 'agent g1 {\n  canonical = "x"\n  llm = {type: "openai"}\n}'],
    mcp_server: ['mcp_server', 'mcp_server s1 {\n  canonical = "y"\n}'],
    'table trigger': ['table/trigger', 'table_trigger tt1 {\n  table = "user"\n  actions = {insert: true}\n  input {\n    json new\n  }\n  stack {\n  }\n}'],
    'workspace trigger': ['trigger', 'workspace_trigger wt1 {\n  actions = {branch_live: true}\n  input {\n    text action\n  }\n  stack {\n  }\n}'],
    'agent trigger': [
      'agent/trigger',
      'agent_trigger at1 {\n  agent = "g1"\n  actions = {connection: true}\n  input {\n    json tools\n  }\n  stack {\n  }\n  response = 1\n}',
    ],
    'MCP server trigger': [
      'mcp_server/trigger',
      'mcp_server_trigger mt1 {\n  mcp_server = "s1"\n  actions = {connection: true}\n  input {\n    json tools\n  }\n  stack {\n  }\n  response = 1\n}',
    ],
    'realtime channel': ['realtime/channel', 'realtime_channel "room/*" {\n  active = true\n}'],
    'realtime trigger': [
      'realtime/channel/trigger',
      'realtime_trigger rt1 {\n  channel = "room/{id}"\n  actions = {join: true}\n  input {\n    text action\n  }\n  stack {\n  }\n  response = 1\n}',
    ],
    'workflow test': ['workflow_test', 'workflow_test w1 {\n  stack {\n  }\n}'],
  }

  it.each(Object.keys(texts))('%s: made, listed, read, changed, pulled', async (kind) => {
    const [path, text] = texts[kind]!
    const made = await server.meta('POST', `${W}/${path}`, text)
    expect([made.status, made.body.message]).toEqual([200, undefined])
    const one = `${W}/${path}/${made.body.id}`
    expect((await server.meta('GET', `${W}/${path}`)).body.items.map((item: { id: number }) => item.id)).toContain(made.body.id)
    expect((await server.meta('GET', `${one}?include_xanoscript=true`)).body.xanoscript.status).toBe('ok')
    expect((await server.meta('PUT', one, { description: 'Changed.' })).body.description).toBe('Changed.')
    expect((await server.meta('GET', `${W}/multidoc`)).text).toContain(text.split(' {')[0])
    expect((await server.meta('GET', `${W}/${path}/999999`)).status).toBe(404)
  })

  it('tasks are switched on and off', async () => {
    const { id } = (await server.meta('GET', `${W}/task`)).body.items[0]
    expect((await server.meta('PUT', `${W}/task/${id}/activate`, { type: 'xs', active: false })).body.active).toBe(false)
    expect((await server.meta('GET', `${W}/task/${id}`)).body.active).toBe(false)
  })

  it('are deleted', async () => {
    for (const [path] of Object.values(texts).reverse()) {
      const { items } = (await server.meta('GET', `${W}/${path}`)).body
      for (const { id } of items) expect((await server.meta('DELETE', `${W}/${path}/${id}`)).body).toBeNull()
      expect((await server.meta('GET', `${W}/${path}`)).body.items).toEqual([])
    }
  })
})
