/** Findings are told by push and dry run; in a strict workspace errors stop the save, unless they are accepted with a reason. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

const path = '/workspace/1/multidoc'
const endpoint = (head = '') => `api_group notes {
}
---
table note {
  schema {
    int id
    int owner_id {
      table = "user"
    }
    text text
  }
}
---
query note/{note_id} verb=DELETE {
  api_group = "notes"
  auth = "user"
  ${head}
  input {
    int note_id
  }
  stack {
    db.del note {
      field_name = "id"
      field_value = $input.note_id
    }
  }
  response = null
}`
const strict = (on: boolean): string => `workspace Stackhold {\n  security = {strict: ${on}}\n}`

describe('security findings of a change', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await createServer()
  })
  afterAll(() => server.close())
  const push = (text: string) => server.meta('POST', `${path}?partial=true`, text)
  const dryRun = (text: string) => server.meta('POST', `${path}/dry-run?partial=true`, text)

  it('are part of the answer of a dry run and of a push, with line and fix, and stop nothing', async () => {
    const finding = {
      rule: 'idor-dataflow',
      severity: 'error',
      seed: 'C5',
      document: 'query "note/{note_id}" DELETE',
      line: 9,
      fix: 'Add $db.note.owner_id == $auth.id to the condition, or check it first: precondition ($row.owner_id == $auth.id).',
    }
    expect((await dryRun(endpoint())).body.findings).toEqual([expect.objectContaining(finding)])
    const { status, body } = await push(endpoint())
    expect([status, body.findings]).toEqual([200, [expect.objectContaining(finding)]])
    await server.meta('POST', `${path}?partial=true`, strict(false))
  })

  it('stop a change of a strict workspace, dry run and single save too', async () => {
    expect((await push(strict(true))).status).toBe(200)
    const changed = endpoint('tags = ["x"]')
    const refused = await push(changed)
    expect([refused.status, refused.body.code]).toEqual([400, 'ERROR_CODE_SYNTAX_ERROR'])
    const preview = await dryRun(changed)
    expect(preview.body.operations[0]).toMatchObject({
      type: 'query',
      name: 'note/{note_id} DELETE',
      details: expect.stringMatching(/^exception: .*idor-dataflow/s),
    })
    for (const errors of [refused.body.payload.errors, preview.body.errors]) {
      expect(errors).toEqual([
        expect.objectContaining({ document: 'query "note/{note_id}" DELETE', line: 9, message: expect.stringContaining('(idor-dataflow)') }),
      ])
      expect(errors[0].excerpt).toContain('^')
    }
    const groups = await server.meta('GET', '/workspace/1/apigroup')
    const group = groups.body.items.find((one: { name: string }) => one.name === 'notes').id
    const single = await server.meta(
      'POST',
      `/workspace/1/apigroup/${group}/api`,
      'query wipe verb=POST {\n  api_group = "notes"\n  public = "Anyone may wipe the board."\n  input {\n  }\n  stack {\n    db.truncate note { reset = true }\n  }\n  response = null\n}',
    )
    expect([single.status, single.text]).toEqual([400, expect.stringContaining('missing-auth-on-mutating-endpoint')])
  })

  it('do not stop what is stored already, what is only a warning, and what is accepted with a reason', async () => {
    expect((await push(endpoint())).status).toBe(200)
    expect((await push('table thing {\n  schema {\n    int id\n    text api_key?\n  }\n}')).body.findings).toMatchObject([
      { rule: 'exposed-secret-column', severity: 'warning' },
    ])
    const accepted = await push(endpoint('security_exceptions = {"idor-dataflow": "Notes belong to everyone here."}'))
    expect([accepted.status, accepted.body.findings]).toEqual([
      200,
      [expect.objectContaining({ rule: 'idor-dataflow', accepted: 'Notes belong to everyone here.' })],
    ])
    expect((await push(endpoint('security_exceptions = {"idor-dataflow": ""}'))).status).toBe(400)
    expect((await push(`${strict(false)}\n---\n${endpoint('tags = ["y"]')}`)).status).toBe(200)
  })
})
