/** Tables with rules, callers, and programs that reach rows in every way. */
import { afterAll, beforeAll } from 'vitest'
import { createRecordsSession } from '../../src/db/records.js'
import { fromPlain, type Json } from '../../src/lib/value.js'
import type { Caller } from '../../src/runtime/capabilities.js'
import type { Run } from '../../src/runtime/frame.js'
import { stringify } from '../../src/runtime/serialize.js'
import { systemClock } from '../../src/services/clock.js'
import { createRun } from '../filters/evaluate.js'
import { createInstance, passwords, type TestInstance } from '../workspace/instance.js'
import { documents } from './row-rules-documents.js'

export let instance: TestInstance
export const workspace = () => instance.live.current.workspaces.get(instance.workspaceId)
export const schema = () => `"ws_${instance.workspaceId}_live"`
export const ann: Caller = { table: 'user', id: 1, extras: new Map() }
export const bob: Caller = { table: 'user', id: 2, extras: new Map() }
export const boss: Caller = { table: 'user', id: 3, extras: new Map() }
/** The same number as Ann, of another table. */
export const stranger: Caller = { table: 'employee', id: 1, extras: new Map([['role', 'admin']]) }

export async function as(caller: Caller, name: string, input: Record<string, unknown> = {}): Promise<Json> {
  const space = workspace()
  if (space === undefined) throw new Error('no workspace')
  const records = createRecordsSession(instance.db, { workspaceId: space.id, datasource: 'live', datasources: space.datasources })
  const run: Run = { ...createRun(), clock: systemClock, records, passwords, caller }
  const raw = new Map(Object.entries(input).map(([key, value]) => [key, fromPlain(value)]))
  const program = space.branches.get(space.liveBranch)?.program('function', name)
  return JSON.parse(stringify((await program?.answer(run, raw)) ?? null)) as Json
}
export const statusOf = async (work: Promise<unknown>): Promise<number> =>
  work.then(
    () => 200,
    (error: { status?: number }) => error.status ?? 0,
  )
export const idsOf = (rows: Json): number[] => (rows as { id: number }[]).map((row) => row.id)
export const stored = async (): Promise<string> => JSON.stringify(await instance.db.query(`select * from ${schema()}.note order by id`))

/** For the tests of this file: a workspace with those tables and programs. */
export function useRowRules(): void {
  beforeAll(async () => {
    instance = await createInstance()
    await instance.push(documents.join('\n---\n'))
  }, 60_000)
  afterAll(() => instance.drop())
}

/** Notes 1 and 2 are Ann's, 3 and 4 Bob's; 4 is shared; 5 is nobody's (0). */
export async function seed(): Promise<void> {
  await instance.db.query(`truncate ${schema()}.note, ${schema()}.tag, ${schema()}."user", ${schema()}.employee restart identity`)
  await instance.db.query(`insert into ${schema()}."user" (name, role) values ('Ann', 'member'), ('Bob', 'member'), ('Boss', 'admin')`)
  await instance.db.query(`insert into ${schema()}.employee (name, role) values ('Eve', 'member')`)
  await instance.db.query(
    `insert into ${schema()}.note (user_id, body, shared, stars, grade) values (1, 'a1', false, 5, 1), (1, 'a2', false, 0, 2), (2, 'b1', false, 5, 3), (2, 'b2', true, 5, 4), (0, 'none', false, 1, 5)`,
  )
  await instance.db.query(`insert into ${schema()}.tag (note_id, label) values (1, 'x'), (3, 'y'), (4, 'z')`)
}
