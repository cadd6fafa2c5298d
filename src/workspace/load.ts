/** Postgres → definitions → snapshot. Programs are compiled on first use; what does not compile fails when it is called. */

import type { Queryable } from '../db/client.js'
import { type Access, bypassReason, readAccess } from '../definitions/access.js'
import { type ApiGroupModel, readApiGroup } from '../definitions/api-group.js'
import { readIpAccess } from '../definitions/ip-access.js'
import { readQuery } from '../definitions/query.js'
import { type Extensions, withoutRules } from '../definitions/table.js'
import { AppError } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'
import type { Definition } from '../lang/tree.js'
import { compileIpLists, type IpLists } from '../lib/ip-list.js'
import type { RecordsCompiler } from '../runtime/capabilities.js'
import type { Callable, Workspace } from '../runtime/define.js'
import type { Program } from '../runtime/program.js'
import type { Compilers } from './compilers.js'
import { type EnvCipher, readEnv } from './env.js'
import { modelsOf, queryExtensions, withExtensions } from './models.js'
import { guardRoles } from './role-guard.js'
import { createGroupRouter } from './router.js'
import type { BranchCompiler, BranchSnapshot, EndpointSnapshot, GroupSnapshot, Snapshot, StoredDefinition, WorkspaceSnapshot } from './snapshot.js'
import {
  type BranchRow,
  type DefinitionRow,
  findWorkspace,
  listBranches,
  listDatasources,
  listDefinitions,
  listWorkspaces,
  type WorkspaceRow,
} from './store.js'
import { assertSupported } from './supported.js'

export interface LoadContext {
  compilers: Compilers
  cipher: EnvCipher
}

/** Everything of one workspace as a request sees it; undefined when it is gone. */
export async function loadWorkspace(db: Queryable, id: number, context: LoadContext): Promise<WorkspaceSnapshot | undefined> {
  const row = await findWorkspace(db, id)
  if (row === undefined) return undefined
  const branches = await listBranches(db, id)
  const datasources = await listDatasources(db, id)
  const definitions = await listDefinitions(db, id)
  return buildWorkspace(
    {
      row,
      branches,
      definitions,
      datasources: datasources.map((one) => one.label),
      env: await readEnv(db, context.cipher, id),
      extensions: await queryExtensions(db, definitions),
    },
    context.compilers,
  )
}

/** Everything of every workspace. */
export async function loadSnapshot(db: Queryable, context: LoadContext): Promise<Snapshot> {
  const workspaces = new Map<number, WorkspaceSnapshot>()
  for (const { id } of await listWorkspaces(db)) {
    const workspace = await loadWorkspace(db, id, context)
    if (workspace !== undefined) workspaces.set(id, workspace)
  }
  return buildSnapshot(workspaces)
}

/** A snapshot over workspaces; a canonical of two workspaces belongs to the older one. */
export function buildSnapshot(workspaces: ReadonlyMap<number, WorkspaceSnapshot>): Snapshot {
  const byCanonical = new Map<string, Map<string | null, GroupSnapshot>>()
  for (const workspace of workspaces.values())
    for (const branch of workspace.branches.values())
      for (const group of branch.groups.values()) {
        const branches = byCanonical.get(group.canonical) ?? new Map<string | null, GroupSnapshot>()
        byCanonical.set(group.canonical, branches)
        for (const label of branch.live ? [branch.label, null] : [branch.label]) if (!branches.has(label)) branches.set(label, group)
      }
  return Object.freeze({ workspaces, findGroup: (canonical: string, branch: string | null) => byCanonical.get(canonical)?.get(branch) ?? null })
}

interface WorkspaceRecord {
  row: WorkspaceRow
  branches: BranchRow[]
  definitions: DefinitionRow[]
  datasources: string[]
  env: WorkspaceSnapshot['env']
  /** Installed ones that indexes of its tables need. */
  extensions?: Extensions
}

/** Builds the snapshot of one workspace from its rows. */
export function buildWorkspace(record: WorkspaceRecord, compilers: Compilers): WorkspaceSnapshot {
  const branches = new Map<string, BranchSnapshot>()
  const workspace: WorkspaceSnapshot = {
    id: record.row.id,
    name: record.row.name,
    guid: record.row.guid,
    liveBranch: record.branches.find((branch) => branch.live)?.label ?? '',
    branches,
    tables: withExtensions(modelsOf(record.definitions.filter(({ kind, branchId }) => kind === 'table' && branchId === null)), record.extensions),
    datasources: record.datasources,
    env: record.env,
  }
  const shared = recordsOf(workspace, compilers)
  for (const row of record.branches) {
    const rows = record.definitions.filter(({ kind, branchId }) => (branchId === null ? !(row.ownTables && kind === 'table') : branchId === row.id))
    const seen = row.ownTables ? withOwnTables(workspace, row, rows, record.extensions) : workspace
    branches.set(row.label, buildBranch(seen, row, rows, seen === workspace ? shared : recordsOf(seen, compilers), compilers))
  }
  return Object.freeze(workspace)
}

/** The workspace as a branch with tables of its own sees it. */
const withOwnTables = (
  workspace: WorkspaceSnapshot,
  { id }: BranchRow,
  rows: readonly DefinitionRow[],
  extensions: Extensions | undefined,
): WorkspaceSnapshot => Object.freeze({ ...workspace, tablesOf: id, tables: withExtensions(modelsOf(rows.filter(({ kind }) => kind === 'table')), extensions) })

function recordsOf(workspace: WorkspaceSnapshot, compilers: Compilers): Records {
  const records = compilers.records(workspace)
  const isRuled = [...workspace.tables.values()].some((table) => table.rules !== undefined)
  const unruled = isRuled
    ? compilers.records({ ...workspace, tables: new Map([...workspace.tables].map(([name, table]) => [name, withoutRules(table)])) })
    : records
  return { records, unruled }
}

function buildBranch(workspace: WorkspaceSnapshot, row: BranchRow, rows: readonly DefinitionRow[], records: Records, compilers: Compilers): BranchSnapshot {
  const groups = new Map<string, GroupSnapshot>()
  const programs = createPrograms(workspace, rows, records, compilers)
  const branch: BranchSnapshot = {
    workspace,
    id: row.id,
    label: row.label,
    live: row.live,
    groups,
    definitions: rows.map(storedDefinition),
    program: programs.byName,
    compile: programs.compile,
  }
  for (const group of rows) if (group.kind === 'api_group') groups.set(group.name, buildGroup(branch, group, rows, programs.ofEndpoint))
  return Object.freeze(branch)
}

const storedDefinition = (row: DefinitionRow): StoredDefinition => ({
  id: row.id,
  guid: row.guid,
  kind: row.kind,
  name: row.verb === '' ? row.name : `${row.verb} ${row.name}`,
  parent: row.parent,
  definition: row.definition,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
})

/** The statements of a workspace: as its tables allow them, and for stacks that are exempt. */
interface Records {
  records: RecordsCompiler
  unruled: RecordsCompiler
}

interface Programs {
  byName(kind: string, name: string): Program
  ofEndpoint(row: DefinitionRow, group: DefinitionRow): () => Program
  readonly compile: BranchCompiler
}

/** Compiles on first use; a failure is kept like a program. */
function createPrograms(workspace: WorkspaceSnapshot, rows: readonly DefinitionRow[], { records, unruled }: Records, compilers: Compilers): Programs {
  const byKind = new Map<string, Map<string, DefinitionRow>>()
  for (const row of rows) byKind.set(row.kind, (byKind.get(row.kind) ?? new Map<string, DefinitionRow>()).set(row.name, row))
  const branchSettings = byKind.get('branch')?.values().next().value?.definition
  const named = new Map<string, () => Program>()

  const byName = (kind: string, name: string): Program => {
    const key = `${kind} ${name}`
    let program = named.get(key)
    if (program === undefined) {
      const row = byKind.get(kind)?.get(name)
      if (row === undefined) throw unknownName(kind, name, byKind.get(kind)?.keys() ?? [])
      program = once(() => {
        assertSupported(row.definition, [branchSettings])
        return compile(row.definition)
      })
      named.set(key, program)
    }
    return program()
  }
  const runtime: Workspace = {
    records,
    sensitiveColumns: sensitiveColumnsOf(workspace),
    callable: (kind, name): Callable => {
      if (byKind.get(kind)?.get(name) === undefined) throw unknownName(kind, name, byKind.get(kind)?.keys() ?? [])
      return { document: `${kind} "${name}"`, call: (frame, input) => byName(kind, name).run(frame.run, input, frame.depth + 1) }
    },
    endpoint: (group, verb, path) => {
      const row = rows.find((one) => one.kind === 'query' && one.parent === group && one.verb === verb && one.name === path)
      const parent = byKind.get('api_group')?.get(group)
      if (row === undefined || parent === undefined) throw new AppError('fatal', `Endpoint does not exist: ${verb} ${path} in ${group}`)
      const program = ofEndpoint(row, parent)
      const { auth } = readAccess(row.definition, parent.definition)
      return { document: `query "${path}" ${verb}`, auth, call: (frame, input) => program().run(frame.run, input, frame.depth + 1) }
    },
    document(kind, name) {
      const row = byKind.get(kind)?.get(name)
      if (row === undefined) throw unknownName(kind, name, byKind.get(kind)?.keys() ?? [])
      return { definition: row.definition, inputs: compilers.inputs(row.definition, workspace) }
    },
    isAuthTable(name) {
      const table = workspace.tables.get(name)
      if (table === undefined) throw unknownName('table', name, workspace.tables.keys())
      return table.auth
    },
  }
  const exempt: Workspace = { ...runtime, records: unruled }
  const compile = (definition: Definition): Program => compilers.compile(definition, bypassReason(definition) === null ? runtime : exempt, workspace)
  const ofEndpoint: Programs['ofEndpoint'] = (row, group) =>
    once(() => {
      assertSupported(row.definition, [group.definition, branchSettings])
      return guardRoles(compile(row.definition), { access: readAccess(row.definition, group.definition), tables: workspace.tables, records: unruled })
    })
  return {
    byName,
    compile: {
      program: compile,
      test: (test) => compilers.compileTest(test, runtime),
    },
    ofEndpoint,
  }
}

const sensitiveColumnsOf = ({ tables }: WorkspaceSnapshot): ReadonlySet<string> =>
  new Set(
    [...tables.values()].flatMap(({ columns }) =>
      columns.filter((column) => column.sensitive || column.type === 'password' || column.secrets !== undefined).map(({ name }) => name),
    ),
  )

const unknownName = (kind: string, name: string, names: Iterable<string>): AppError => {
  const hint = didYouMean(name, names)
  const label = kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll('_', ' ')
  return new AppError('fatal', `${label} does not exist: ${name}`, hint === undefined ? {} : { hint })
}

function once(make: () => Program): () => Program {
  let made: { program: Program } | { error: unknown } | undefined
  return () => {
    if (made === undefined) {
      try {
        made = { program: make() }
      } catch (error) {
        made = { error }
      }
    }
    if ('error' in made) throw made.error
    return made.program
  }
}

function buildGroup(branch: BranchSnapshot, row: DefinitionRow, rows: readonly DefinitionRow[], programOf: Programs['ofEndpoint']): GroupSnapshot {
  const model: ApiGroupModel = readApiGroup(row.definition).group
  const endpoints: EndpointSnapshot[] = []
  const group: GroupSnapshot = {
    id: row.id,
    name: row.name,
    canonical: row.canonical ?? model.canonical,
    description: row.definition.description ?? '',
    active: model.active,
    branch,
    cors: model.cors,
    swagger: model.swagger,
    admits: admission(rows.find((one) => one.kind === 'workspace')?.definition, model.ipAccess),
    endpoints,
    match: (method, path) => {
      const found = router.match(method, path)
      return found === null ? null : { endpoint: found.target, params: found.params }
    },
  }
  for (const endpoint of rows)
    if (endpoint.kind === 'query' && endpoint.parent === row.name)
      endpoints.push(buildEndpoint(group, endpoint, readAccess(endpoint.definition, row.definition), programOf(endpoint, row)))
  const router = createGroupRouter(
    endpoints.map((endpoint) => ({ verb: endpoint.verb, path: endpoint.path, input: endpoint.definition.input ?? [], target: endpoint })),
  )
  return Object.freeze(group)
}

/** The lists of the workspace and those of the group: both must let an address in. */
function admission(workspace: Definition | undefined, ofGroup: IpLists): GroupSnapshot['admits'] {
  const checks = [...(workspace === undefined ? [] : [readIpAccess(workspace)]), ofGroup].map(compileIpLists).filter((check) => check !== null)
  return checks.length === 0 ? null : (ip) => checks.every((check) => check(ip))
}

function buildEndpoint(group: GroupSnapshot, row: DefinitionRow, { auth }: Access, program: () => Program): EndpointSnapshot {
  const { query } = readQuery(row.definition)
  return Object.freeze({
    id: row.id,
    guid: row.guid,
    verb: row.verb,
    path: row.name,
    auth,
    active: query.active,
    group,
    definition: row.definition,
    program,
  })
}
