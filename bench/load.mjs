// Load helpers: start a server, drive it with wrk, account CPU per process tree from /proc, alternate rounds, take medians.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** CPU seconds used so far by the process tree below `root` (USER_HZ = 100). */
export function cpuOf(root) {
  const processes = new Map()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      processes.set(Number(entry), { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / 100 })
    } catch {
      // The process ended between the listing and the read.
    }
  }
  const inTree = (pid) => pid === root || (processes.has(pid) && processes.get(pid).parent > 1 && inTree(processes.get(pid).parent))
  let sum = 0
  for (const [pid, { seconds }] of processes) if (inTree(pid)) sum += seconds
  return sum
}

/** Starts a server in a session of its own and waits for its first 200. */
export async function start({ args, env, url, cwd }) {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const began = performance.now()
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${args[0]} ended with ${child.exitCode}\n${output}`)
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (ok) break
    if (performance.now() - began > 60_000) throw new Error(`no answer from ${url}\n${output}`)
    await sleep(20)
  }
  return {
    pid: child.pid,
    output: () => output,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve()
        child.once('exit', resolve)
        child.kill('SIGTERM')
      }),
  }
}

const directory = mkdtempSync(join(tmpdir(), 'stackhold-wrk-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
let scripts = 0

/** A wrk script; `path` and `body` may be `[prefix, max, suffix]`: a random number between the two texts. */
export function script({ method = 'GET', path, headers = {}, body }) {
  const file = join(directory, `${scripts++}.lua`)
  const lua = (part) => (Array.isArray(part) ? `[==[${part[0]}]==] .. math.random(${part[1]}) .. [==[${part[2] ?? ''}]==]` : `[==[${part}]==]`)
  const head = Object.entries(headers)
    .map(([name, value]) => `[${JSON.stringify(name)}]=${JSON.stringify(value)}`)
    .join(',')
  writeFileSync(
    file,
    `local h = {${head}}
function init() math.randomseed(os.time()) end
function request() return wrk.format("${method}", ${lua(path)}, h, ${body === undefined ? 'nil' : lua(body)}) end
function done(s, l) io.stderr:write(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"bad":%d}', s.requests, s.duration, l:percentile(50), l:percentile(99), s.errors.status + s.errors.connect + s.errors.read + s.errors.timeout)) end
`,
  )
  return file
}

export const wrk = ({ base, file, connections, seconds }) =>
  new Promise((resolve, reject) => {
    const child = spawn('wrk', ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '20s', '-s', file, base], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    let text = ''
    child.stderr.on('data', (chunk) => {
      text += chunk
    })
    child.on('error', () => reject(new Error('wrk is not installed; on Debian: apt-get install wrk')))
    child.on('exit', () => {
      const found = text.match(/\{"requests".*\}/)
      found ? resolve(JSON.parse(found[0])) : reject(new Error(`wrk: ${text}`))
    })
  })

/** One measured run: requests a second, latencies in ms, CPU µs of the server for one request. */
export async function measure({ pid, ...load }) {
  const before = cpuOf(pid)
  const run = await wrk(load)
  return { rps: run.requests / (run.us / 1e6), p50: run.p50 / 1000, p99: run.p99 / 1000, bad: run.bad, cpu: ((cpuOf(pid) - before) / run.requests) * 1e6 }
}
