import { afterEach, describe, expect, it } from 'vitest'
import { createProcessPool, type ProcessPlan, type ProcessPool } from '../../src/services/process-pool.js'

const pools: ProcessPool<unknown, unknown>[] = []
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close()
})

function poolOf(module: string, { processes = 1, ...plan }: Partial<ProcessPlan> & { processes?: number } = {}): ProcessPool<unknown, unknown> {
  const pool = createProcessPool<unknown, unknown>({ args: () => ['--input-type=module', '-e', module], ...plan }, { processes, longestQueue: 3 })
  pools.push(pool)
  return pool
}
const limits = { work: 20_000, patience: 20_000 }
const echo = 'process.on("message", (message) => process.send(message)); process.send("ready")'

describe('a pool of processes', () => {
  it('starts with the first job, tells the process what to know, and uses it again', async () => {
    const pool = poolOf(
      'let known; process.on("message", (message) => { if (known === undefined) known = message; else process.send([known, message]) }); process.send("ready")',
      {
        setup: { a: 1 },
      },
    )
    expect(pool.pids).toEqual([])
    expect(await pool.run({ n: 1 }, limits)).toEqual({ outcome: [{ a: 1 }, { n: 1 }] })
    const { pids } = pool
    expect(pids).toHaveLength(1)
    expect(await pool.run({ n: 2 }, limits)).toEqual({ outcome: [{ a: 1 }, { n: 2 }] })
    expect(pool.pids).toEqual(pids)
  })

  it('hides the environment from the process', async () => {
    const pool = poolOf('process.on("message", () => process.send(Object.keys(process.env))); process.send("ready")')
    expect(await pool.run({}, limits)).toEqual({ outcome: [] })
  })

  it('replaces a process that takes too long or ends', async () => {
    const pool = poolOf(
      'process.on("message", ({ kind }) => { if (kind === "end") process.exit(3); if (kind === "echo") process.send(process.pid) }); process.send("ready")',
    )
    const first = await pool.run({ kind: 'echo' }, limits)
    expect(await pool.run({ kind: 'silence' }, { ...limits, work: 50 })).toEqual({ failure: 'time' })
    const second = await pool.run({ kind: 'echo' }, limits)
    expect(await pool.run({ kind: 'end' }, limits)).toEqual({ failure: 'gone' })
    const third = await pool.run({ kind: 'echo' }, limits)
    expect(new Set([first, second, third].map((finished) => JSON.stringify(finished))).size).toBe(3)
  })

  it('runs as many at once as it has processes, and refuses what it cannot hold', async () => {
    const pool = poolOf(echo, { processes: 2 })
    const finished = await Promise.all(Array.from({ length: 8 }, (_, n) => pool.run({ n }, limits)))
    expect(finished.map((one) => ('outcome' in one ? 'done' : one.failure))).toEqual(['done', 'done', 'done', 'done', 'done', 'busy', 'busy', 'busy'])
    expect(pool.pids).toHaveLength(2)
  })

  it('tells why a process does not start', async () => {
    const errors: unknown[] = []
    const onError = (error: unknown): void => void errors.push(error)
    expect(await poolOf('process.exit(1)', { onError }).run({}, limits)).toEqual({ failure: 'lost' })
    expect(await poolOf('', { onError, args: () => Promise.reject(new Error('no such file')) }).run({}, limits)).toEqual({ failure: 'lost' })
    expect(errors.map(String)).toEqual([expect.stringContaining('A process did not start (gone)'), 'Error: no such file'])
  })

  it('refuses everything once it is closed', async () => {
    const pool = poolOf(echo)
    await pool.run({}, limits)
    pool.close()
    expect(await pool.run({}, limits)).toEqual({ failure: 'busy' })
    await expect.poll(() => pool.pids).toEqual([])
  })
})
