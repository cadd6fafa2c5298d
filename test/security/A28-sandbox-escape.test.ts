/** Attack class 28: JavaScript of a stack that tries to get out. The engine is given nothing to hold on to, and its process may do nothing. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { confined, createJavaScript } from '../../src/services/javascript.js'

const javascript = createJavaScript({ processes: 1 })
afterAll(() => javascript.close())

async function attempt(code: string): Promise<string> {
  try {
    return JSON.stringify(
      await javascript.run({ code, driver: 'return call(value, 0)', bindings: '{"this":1}', milliseconds: 20_000, patience: 20_000, log: null }),
    )
  } catch (error) {
    return `refused: ${(error as Error).message}`
  }
}

/** Each returns what it found of the host, or throws. */
const escapes: [name: string, code: string][] = [
  ['the constructor of a function', 'return typeof this.constructor.constructor("return process")()'],
  ['the constructor of an argument', 'return typeof $this.constructor.constructor("return process")().env'],
  ['the constructor of an async generator', 'return typeof (async function* () {}).constructor("return process")().next().then'],
  ['the value of an async generator', 'return typeof (await (async function* () {}).constructor("yield process")().next()).value'],
  [
    'the species of a promise',
    'class P extends Promise { static get [Symbol.species]() { return (f) => f((x) => x, (e) => e) } }; const p = new P(() => {}); return typeof p.then((x) => x.constructor.constructor("return process")())',
  ],
  ['a thenable answer', 'return { then(resolve) { resolve(resolve.constructor.constructor("return process")().env) } }'],
  [
    'the callback of its own settling',
    'const { then } = Promise.prototype; let host; Promise.prototype.then = function (a, b) { host ??= a; return then.call(this, a, b) }; await 1; await Promise.resolve(); return typeof host?.constructor("return process")()',
  ],
  ['Error.prepareStackTrace', 'Error.prepareStackTrace = (_, frames) => frames; const [frame] = new Error().stack; return frame.getThis().process.env'],
  [
    'call sites',
    'let found; Error.prepareStackTrace = (_, frames) => { found = frames.map((f) => f.getFunction?.()).filter(Boolean) }; try { null.x } catch (e) { e.stack } return found.map((f) => f.constructor("return process")())',
  ],
  [
    'the stack overflow of the host',
    'const deep = () => { try { deep() } catch (e) { globalThis.caught = e } }; deep(); return typeof caught.constructor.constructor("return process")()',
  ],
  [
    'a proxy as answer',
    'return new Proxy({}, { get: (_, name, receiver) => receiver.constructor?.constructor?.("return process")(), ownKeys: () => ["a"], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }) })',
  ],
  ['toJSON with a look at its caller', 'return { toJSON: function () { return arguments.callee.caller.constructor("return process")().env } }'],
  ['a getter that returns the world', 'return Object.defineProperty({}, "a", { enumerable: true, get() { return Function("return process")().env } })'],
  ['a symbol of the host', 'return Symbol.for("nodejs.util.inspect.custom") in globalThis ? "host" : process'],
  ['polluted prototypes', 'Object.prototype.polluted = "yes"; Array.prototype.toJSON = () => { throw process }; JSON.stringify = () => process; return [1]'],
  ['the console of the host', 'return console.log.constructor("return process")().mainModule'],
  ['the timer of the host', 'const timer = setTimeout(() => {}, 1); return timer.constructor.constructor("return process")().env'],
  ['the prelude', 'return typeof setTimeout.constructor("return finish")()'],
  ['import()', 'return Object.keys(await import("node:fs"))'],
  ['import() of a file', 'return Object.keys(await import("/etc/passwd"))'],
  ['an import statement', 'import fs from "node:fs"; return fs.readFileSync("/etc/passwd", "utf8")'],
  ['the end of the wrapper', '} ; globalThis.out = process; async function again() {'],
  ['eval', 'return (0, eval)("process.env")'],
  ['require', 'return require("child_process").execSync("id").toString()'],
  ['process.binding', 'return process.binding("fs")'],
  ['fetch', 'return await (await fetch("http://169.254.169.254/")).text()'],
  ['std and os of the engine', 'return [typeof std, typeof os, typeof scriptArgs].includes("object") ? std.getenviron() : process'],
  ['shared memory with the host', 'return new SharedArrayBuffer(8).constructor.constructor("return process")().pid'],
  ['WebAssembly', 'return new WebAssembly.Memory({ initial: 1 })'],
  ['a worker', 'return typeof new Worker("data:text/javascript,1")'],
]

describe('JavaScript of a stack', () => {
  it.each(escapes)('finds nothing of the host through %s', async (_, code) => {
    const answer = await attempt(code)
    expect(answer).not.toMatch(/"(?:object|host)"|root:|PATH|HOME|execPath|uid=\d/)
    expect(await attempt('return [typeof process, typeof require, typeof fetch, typeof WebAssembly, Object.prototype.polluted ?? null]')).toBe(
      '["undefined","undefined","undefined","undefined",null]',
    )
  })

  it('knows these globals and no others', async () => {
    const names = JSON.parse(await attempt('return Object.getOwnPropertyNames(globalThis)')) as string[]
    const standard = new Set(Object.getOwnPropertyNames(globalThis))
    const further = names.filter((name) => !standard.has(name)).sort()
    expect(
      further.filter((name) => !['AsyncDisposableStack', 'DisposableStack', 'Float16Array', 'InternalError', 'Iterator', 'SuppressedError'].includes(name)),
    ).toEqual([])
    expect(names.filter((name) => /process|require|module|fetch|Worker|Socket|Buffer$|std|^os$|import/.test(name) && !/ArrayBuffer$/.test(name))).toEqual([])
  })

  it('keeps nothing from one run to the next', async () => {
    await attempt('globalThis.kept = 1; Array.prototype.map = () => "poisoned"; console.log = null; return 1')
    expect(await attempt('return [typeof kept, [1].map((n) => n + 1), typeof console.log]')).toBe('["undefined",[2],"function"]')
  })
})

describe('its process', () => {
  it('has no environment, and no file or socket open but the pipe to the server', async () => {
    await attempt('return 1')
    const [pid] = javascript.pids
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/PATH|HOME|STACKHOLD|DATABASE/)
    const before = openOf(pid)
    for (const [, code] of escapes) await attempt(code)
    expect(javascript.pids).toEqual([pid])
    expect(openOf(pid)).toEqual(before)
    expect(before.filter((target) => target.startsWith('socket:')).length).toBeLessThanOrEqual(1)
    expect(before.filter((target) => target.startsWith('/') && !/^\/(?:dev\/null|dev\/urandom|proc\/|sys\/fs\/cgroup)/.test(target))).toEqual([])
  }, 60_000)

  it('may read no file, start nothing and load nothing, even for code that left the engine', async () => {
    const probe = `
      import { createRequire } from 'node:module'
      const require = createRequire('/')
      const [fs, children, workers] = ['fs', 'child_process', 'worker_threads'].map((name) => require(name))
      const tries = {
        read: () => fs.readFileSync('/etc/passwd'),
        list: () => fs.readdirSync('/'),
        write: () => fs.writeFileSync('/tmp/stackhold-probe', ''),
        link: () => fs.symlinkSync('/etc/passwd', '/tmp/stackhold-link'),
        spawn: () => children.spawnSync('id'),
        worker: () => new workers.Worker('1', { eval: true }),
        addon: () => process.dlopen({ exports: {} }, '/tmp/none.node'),
      }
      const found = {}
      for (const [name, attempt] of Object.entries(tries)) {
        try { attempt(); found[name] = 'allowed' } catch (error) { found[name] = error.code }
      }
      found.environment = Object.keys(process.env)
      process.send(found)
    `
    const child = spawn(process.execPath, confined(probe), { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const found = await new Promise<Record<string, unknown>>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Record<string, unknown>))
      child.once('exit', () => reject(new Error('The probe ended without an answer.')))
    })
    child.kill()
    const { addon, environment, ...denied } = found
    expect(denied).toEqual({
      read: 'ERR_ACCESS_DENIED',
      list: 'ERR_ACCESS_DENIED',
      write: 'ERR_ACCESS_DENIED',
      link: 'ERR_ACCESS_DENIED',
      spawn: 'ERR_ACCESS_DENIED',
      worker: 'ERR_ACCESS_DENIED',
    })
    expect(addon).toMatch(/^ERR_DLOPEN/)
    expect(environment).toEqual([])
  })
})

const openOf = (pid: number | undefined): string[] =>
  readdirSync(`/proc/${pid}/fd`)
    .map((name) => readlinkSync(`/proc/${pid}/fd/${name}`).replace(/\d+/g, '#'))
    .sort()
