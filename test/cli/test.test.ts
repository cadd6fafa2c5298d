/** `stackhold test` against a real server. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { testCommand } from '../../src/cli/test.js'
import { createServer, type TestServer } from '../meta/server.js'

const tested = (name: string, expected: number): string =>
  `function "${name}" {\n  input {\n  }\n  stack {\n  }\n  response = 1\n\n  test "is ${expected}" {\n    expect.to_equal ($response) {\n      value = ${expected}\n    }\n  }\n}`

let server: TestServer
let url = ''
beforeAll(async () => {
  server = await createServer({ fresh: false })
  url = await server.app.listen({ port: 0, host: '127.0.0.1' })
  await server.instance.push(
    `${tested('right', 1)}\n---\n${tested('wrong', 2)}\n---\nworkflow_test "flow" {\n  stack {\n    function.call "right" as $x\n    expect.to_equal ($x) {\n      value = 1\n    }\n  }\n}`,
  )
})
afterAll(() => server.close())

async function runCommand(search?: string): Promise<{ text: string; exitCode: typeof process.exitCode }> {
  const written: string[] = []
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk))
    return true
  })
  const before = process.exitCode
  process.exitCode = undefined
  try {
    await testCommand(search, { url, token: server.adminToken, workspace: server.instance.workspaceId })
    return { text: written.join(''), exitCode: process.exitCode }
  } finally {
    process.exitCode = before
    spy.mockRestore()
  }
}

describe('stackhold test', () => {
  it('runs every test, names the one that fails, and exits with 1', async () => {
    const { text, exitCode } = await runCommand()
    expect(text).toContain('ok    function right › is 1\n')
    expect(text).toMatch(/fail {2}function wrong › is 2\n {6}.*expected value 2 does not equal 1/)
    expect(text).toContain('ok    workflow_test flow\n')
    expect(text).toContain('2 passed, 1 failed\n')
    expect(exitCode).toBe(1)
  })

  it('runs only what matches', async () => {
    const { text, exitCode } = await runCommand('right')
    expect(text).toBe('ok    function right › is 1\n1 passed, 0 failed\n')
    expect(exitCode).toBeUndefined()
  })
})
