/** Attack class 29: JavaScript of a stack that eats time, memory or patience. It ends with an error; the server and everybody else go on. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createJavaScript } from '../../src/services/javascript.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

/** Those that end only because time is up get a second, the others all the time they need on a busy machine. */
const seconds = (message: RegExp): number => (message.source.startsWith('takes longer') ? 1 : 20)

const bombs: [name: string, code: string, message: RegExp][] = [
  ['an endless loop', 'for (;;) {}', /takes longer than 1 s/],
  ['an endless loop of promises', 'for (;;) await 0', /takes longer than 1 s/],
  ['endless loops that catch', 'for (;;) { try { for (;;) {} } catch {} finally { for (;;) {} } }', /takes longer than 1 s/],
  ['a loop in a getter of the answer', 'return { get a() { for (;;) {} } }', /takes longer than 1 s/],
  ['a loop in toString of the error', 'throw { toString() { for (;;) {} }, toJSON() { for (;;) {} } }', /takes longer than 1 s/],
  ['timers without end', 'const again = () => setTimeout(again, 0); again(); await new Promise(() => {})', /takes longer than 1 s/],
  ['a regular expression', 'return /^(a+)+$/.test("a".repeat(60) + "b")', /takes longer than 1 s/],
  ['a list', 'return new Array(1e9).fill(1).length', /out of memory/],
  ['lists of lists', 'const all = []; for (;;) all.push(new Array(1000).fill({}))', /out of memory/],
  ['typed arrays', 'const all = []; for (;;) all.push(new Uint8Array(1e6))', /out of memory/],
  ['a text that doubles', 'let text = "x"; for (;;) text += text', /too long|out of memory/],
  ['texts', 'const all = []; for (let i = 0; ; i++) all.push("x".repeat(1e6) + i)', /out of memory/],
  ['a map', 'const all = new Map(); for (let i = 0; ; i++) all.set(i, "x" + i)', /out of memory/],
  ['a big number', 'let n = 2n; for (;;) n *= n', /too large|out of memory/],
  ['deep JSON', 'return JSON.parse("[".repeat(1e6))', /nested too deeply|stack size/],
  ['a deep answer', 'let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return a', /nested too deeply|stack size|out of memory/],
  ['deep code', 'return eval("(".repeat(1e6))', /nested too deeply|stack/],
  ['recursion', 'const f = () => f() + 1; return f()', /stack size/],
  ['recursion through toString', 'const a = { toString: () => String(a) }; return String(a)', /stack size/],
  ['a promise that never settles', 'await new Promise(() => {})', /promise that nothing settles/],
  ['a large answer', 'return "x".repeat(2e7)', /answers more than/],
]

describe('a server with JavaScript', () => {
  let server: ListeningServer
  const group = 'lab'
  const run = (code: string, timeout = 20) => server.call('POST', `/api:${group}/run`, { body: { code, timeout } })

  beforeAll(async () => {
    server = await startListeningServer({ STACKHOLD_ENV: 'development', STACKHOLD_JAVASCRIPT_MEMORY_MB: '64' })
    await server.pushText(
      [
        `api_group "lab" {\n  canonical = "${group}"\n}`,
        'query "run" verb=POST {\n  api_group = "lab"\n  input {\n    text code\n    int timeout\n  }\n  stack {\n    api.lambda {\n      code = $input.code\n      timeout = $input.timeout\n    } as $x\n  }\n  response = $x\n}',
        'query "ping" verb=GET {\n  api_group = "lab"\n  input {\n  }\n  stack {\n  }\n  response = "pong"\n}',
      ].join('\n---\n'),
    )
  }, 60_000)
  afterAll(() => server?.close())

  it.each(bombs)('survives %s, and answers the others meanwhile', async (_, code, message) => {
    let finished = false
    const bomb = run(code, seconds(message)).finally(() => {
      finished = true
    })
    let answered = 0
    while (!finished) {
      expect((await server.call('GET', `/api:${group}/ping`)).body).toBe('pong')
      answered++
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const { status, body } = await bomb
    expect([status, body.code]).toEqual([500, 'ERROR_FATAL'])
    expect(body.message).toMatch(/^JavaScript: /)
    expect(body.message).toMatch(message)
    expect(answered).toBeGreaterThan(0)
    expect((await run('return 1')).body).toBe(1)
  })
})

describe('the process', () => {
  const limits = { driver: 'return call(value, 0)', bindings: '{}', patience: 20_000, log: null }

  it('keeps at most 1000 of a million lines', async () => {
    const javascript = createJavaScript({ processes: 1 })
    const lines: string[] = []
    const code = 'const long = "x".repeat(5000); for (let i = 0; i < 1e6; i++) console.log(i < 40 ? long : i); return 1'
    expect(await javascript.run({ ...limits, code, milliseconds: 20_000, log: (line) => lines.push(line) })).toBe(1)
    javascript.close()
    expect(lines.at(-1)).toBe('(999000 more lines)')
    expect(lines.length).toBeLessThanOrEqual(1001)
    expect(lines.join('').length).toBeLessThan(150_000)
  }, 40_000)

  it('stays itself after errors and ends when the server does', async () => {
    const javascript = createJavaScript({ processes: 1, memoryMb: 32 })
    await javascript.run({ ...limits, code: 'return 1', milliseconds: 20_000 })
    const [pid] = javascript.pids
    for (const code of ['for (;;) {}', 'new Array(1e9).fill(1)', 'JSON.parse("[".repeat(1e6))'])
      await javascript.run({ ...limits, code, milliseconds: 3000 }).catch(() => {})
    expect(javascript.pids).toEqual([pid])
    expect(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])).toBeLessThan(400_000)
    javascript.close()
    await expect.poll(() => javascript.pids, { timeout: 5000 }).toEqual([])
    await expect(javascript.run({ ...limits, code: 'return 1', milliseconds: 20_000 })).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('is replaced when it ends in the middle of a run', async () => {
    const javascript = createJavaScript({ processes: 1 })
    await javascript.run({ ...limits, code: 'return 1', milliseconds: 20_000 })
    const [pid] = javascript.pids
    const running = javascript.run({ ...limits, code: 'for (;;) {}', milliseconds: 10_000 })
    process.kill(pid as number, 'SIGKILL')
    await expect(running).rejects.toMatchObject({ message: 'JavaScript: It needs too much memory.' })
    expect(await javascript.run({ ...limits, code: 'return 2', milliseconds: 20_000 })).toBe(2)
    expect(javascript.pids).not.toContain(pid)
    javascript.close()
  })

  it('is killed from outside when it no longer looks at its own clock', async () => {
    const javascript = createJavaScript({ processes: 1 })
    await javascript.run({ ...limits, code: 'return 1', milliseconds: 20_000 })
    const [pid] = javascript.pids
    const running = javascript.run({ ...limits, code: 'for (;;) {}', milliseconds: 1000 })
    process.kill(pid as number, 'SIGSTOP')
    await expect(running).rejects.toMatchObject({ kind: 'fatal', message: expect.stringContaining('JavaScript: ') })
    await expect.poll(() => javascript.pids, { timeout: 5000 }).not.toContain(pid)
    expect(await javascript.run({ ...limits, code: 'return 2', milliseconds: 20_000 })).toBe(2)
    javascript.close()
  }, 40_000)

  it('is kept busy by few: the others are told to come back', async () => {
    const javascript = createJavaScript({ processes: 1, longestQueue: 5 })
    const all = Array.from({ length: 20 }, () => javascript.run({ ...limits, code: 'for (;;) {}', milliseconds: 200 }))
    expect(javascript.waiting).toBe(5)
    const kinds = (await Promise.allSettled(all)).map((run) => (run.status === 'rejected' ? run.reason.kind : 'finished'))
    expect(kinds).toEqual([...Array<string>(6).fill('fatal'), ...Array<string>(14).fill('unavailable')])
    const impatient = javascript.run({ ...limits, code: 'for (;;) {}', milliseconds: 1000 }).catch(() => {})
    await expect(javascript.run({ ...limits, code: 'return 1', milliseconds: 1000, patience: 50 })).rejects.toMatchObject({
      kind: 'unavailable',
      headers: { 'retry-after': '1' },
    })
    await impatient
    javascript.close()
  })

  it('is not started for a workspace without JavaScript', () => {
    expect(createJavaScript().pids).toEqual([])
  })
})
