import { type ChildProcess, spawn } from 'node:child_process'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { createTemporaryDirectory } from '../helpers/temporary-directory.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const adminToken = 'shk_an-admin-token-for-tests-that-is-long-enough'
let child: ChildProcess | undefined

afterEach(() => void child?.kill('SIGKILL'))

function start(environment: Record<string, string>): Promise<string> {
  child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'start'], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  return new Promise((resolve, reject) => {
    child?.stderr?.on('data', (data: Buffer) => (output += data.toString()))
    child?.stdout?.on('data', (data: Buffer) => {
      output += data.toString()
      const url = /listens on (\S+)/.exec(output)?.[1]
      if (url !== undefined) resolve(url)
    })
    child?.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)))
  })
}

/** A connection of its own, so that every worker has its turn. */
const get = (url: string, path: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const request = http.get(url + path, { agent: false, timeout: 3_000, headers: { authorization: `Bearer ${adminToken}` } }, (answer) => {
      let text = ''
      answer.on('data', (data: Buffer) => {
        text += data.toString()
      })
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    request.once('timeout', () => request.destroy(new Error('timeout')))
    request.once('error', reject)
  })

describe('STACKHOLD_WORKERS', () => {
  it('serves one embedded database from several processes, replaces one that dies, and ends in order', { timeout: 60_000 }, async () => {
    const url = await start({
      STACKHOLD_WORKERS: '2',
      STACKHOLD_DATA: createTemporaryDirectory().path,
      STACKHOLD_ADMIN_TOKEN: adminToken,
      STACKHOLD_LOG_LEVEL: 'warn',
      STACKHOLD_TOKEN: 'for-the-client-commands',
      PORT: '0',
    })
    const pids = async (): Promise<Set<number>> => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => get(url, '/health')))
      return new Set(answers.map((answer) => (JSON.parse(answer.text) as { pid: number }).pid))
    }
    const before = await pids()
    expect(before.size).toBe(2)
    expect(before.has(child?.pid ?? 0)).toBe(false)

    // What one worker stores, every worker serves.
    const made = await fetch(`${url}/api:meta/workspace/1/apigroup`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'shared', description: '', swagger: true }),
    })
    expect(made.status).toBe(200)
    const { canonical } = (await made.json()) as { canonical: string }
    await expect
      .poll(async () => (await Promise.all(Array.from({ length: 8 }, () => get(url, `/api:${canonical}`)))).every((answer) => answer.status === 200))
      .toBe(true)

    const [victim = 0] = before
    process.kill(victim, 'SIGKILL')
    await expect.poll(async () => ({ size: (await pids()).size, back: (await pids()).has(victim) }), { timeout: 20_000 }).toEqual({ size: 2, back: false })

    const ended = new Promise((resolve) => child?.once('exit', resolve))
    child?.kill('SIGTERM')
    expect(await ended).toBe(0)
    await expect(get(url, '/health')).rejects.toThrow()
  })
})
