/** `stackhold test`: runs the tests that the definitions hold, on the server. */
import { callRemote, type RemoteOptions } from './remote.js'

export interface TestOptions extends RemoteOptions {
  /** Data source the tests read; each test's changes are rolled back. */
  datasource?: string
}

interface Listed {
  id: number | string
  name: string
  obj_type?: string
  obj_name?: string
}
interface Page {
  items: Listed[]
  nextPage: number | null
}
interface Outcome {
  status: string
  message?: string
  timing?: number
}

/** Runs all tests whose name, or whose object's name, contains `search`. Exit code 1 when one fails. */
export async function testCommand(search: string | undefined, options: TestOptions): Promise<void> {
  const wanted = (search ?? '').toLowerCase()
  let failed = 0
  let passed = 0
  for (const kind of ['unit_test', 'workflow_test'] as const) {
    for (const test of await listAll(kind, options)) {
      const label = kind === 'unit_test' ? `${test.obj_type} ${test.obj_name} › ${test.name}` : `workflow_test ${test.name}`
      if (!label.toLowerCase().includes(wanted)) continue
      const { status, message = '' } = await runOne(kind, test.id, options)
      if (status === 'ok') passed++
      else failed++
      process.stdout.write(status === 'ok' ? `ok    ${label}\n` : `${status.padEnd(5)} ${label}\n      ${message}\n`)
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  if (failed > 0) process.exitCode = 1
}

async function listAll(kind: string, options: RemoteOptions): Promise<Listed[]> {
  const found: Listed[] = []
  for (let page: number | null = 1; page !== null; ) {
    const text = await callRemote(options, { method: 'GET', path: `/${kind}`, query: { page: String(page), per_page: '500' } })
    const answer = JSON.parse(text) as Page
    found.push(...answer.items)
    page = answer.nextPage
  }
  return found
}

async function runOne(kind: string, id: number | string, { datasource, ...options }: TestOptions): Promise<Outcome> {
  const text = await callRemote(options, {
    method: 'POST',
    path: `/${kind}/${id}/run`,
    body: JSON.stringify(options.branch === undefined ? {} : { branch: options.branch }),
    contentType: 'application/json',
    ...(datasource === undefined ? {} : { headers: { 'x-data-source': datasource } }),
  })
  return JSON.parse(text) as Outcome
}
