/** Everything that serves requests, immutable. A change makes a new snapshot that is swapped in atomically. */
import type { SwaggerModel } from '../definitions/api-group.js'
import type { TableModel } from '../definitions/table.js'
import type { Definition, TestBlock } from '../lang/tree.js'
import type { Obj } from '../lib/value.js'
import type { Program } from '../runtime/program.js'
import type { CompiledTest } from '../runtime/test-run.js'

export interface Snapshot {
  readonly workspaces: ReadonlyMap<number, WorkspaceSnapshot>
  /** Every API group of every branch by canonical, then by branch label; `null` = the live branch. */
  findGroup(canonical: string, branch: string | null): GroupSnapshot | null
}

export interface WorkspaceSnapshot {
  readonly id: number
  readonly name: string
  readonly guid: string
  /** Label of the live branch. */
  readonly liveBranch: string
  readonly branches: ReadonlyMap<string, BranchSnapshot>
  /** By name. Branches share their tables; one with tables of its own sees the workspace with those, see {@link tablesOf}. */
  readonly tables: ReadonlyMap<string, TableModel>
  /** The branch whose own tables these are; null or absent: those that branches share. */
  readonly tablesOf?: number | null
  readonly datasources: readonly string[]
  readonly env: Obj
}

export interface BranchSnapshot {
  readonly workspace: WorkspaceSnapshot
  readonly id: number
  readonly label: string
  readonly live: boolean
  readonly groups: ReadonlyMap<string, GroupSnapshot>
  /** Stored definitions of the branch, by kind then name (`VERB path` below a group for queries). */
  readonly definitions: readonly StoredDefinition[]
  /** Compiled on first use; a compile error is thrown at every call. */
  program(kind: string, name: string): Program
  readonly compile: BranchCompiler
}

/** Compiles what is not stored under a name of its own: tests, and stacks that are tested apart from what surrounds them. */
export interface BranchCompiler {
  program(definition: Definition): Program
  test(test: TestBlock): CompiledTest
}

export interface StoredDefinition {
  readonly id: number
  readonly guid: string
  readonly kind: string
  readonly name: string
  /** Name of the API group of a query; empty otherwise. */
  readonly parent: string
  readonly definition: Definition
  readonly createdAt: number
  readonly updatedAt: number
}

export interface GroupSnapshot {
  readonly id: number
  readonly name: string
  readonly canonical: string
  readonly description: string
  readonly active: boolean
  readonly branch: BranchSnapshot
  readonly cors: CorsPolicy
  readonly swagger: SwaggerModel
  /** Whether an address may reach it, by the lists of workspace and group; null when there are none. */
  readonly admits: ((ip: string) => boolean) | null
  readonly endpoints: readonly EndpointSnapshot[]
  /** `path` starts with `/` and is not decoded; null when nothing matches. HEAD is answered by the caller as GET. */
  match(method: string, path: string): { endpoint: EndpointSnapshot; params: Record<string, string> } | null
}

export interface CorsPolicy {
  mode: 'default' | 'custom' | 'disabled'
  origins: string[]
  methods: string[]
  headers: string[]
  credentials: boolean
  /** Seconds. */
  maxAge: number
}

export interface EndpointSnapshot {
  readonly id: number
  readonly guid: string
  readonly verb: string
  /** Without leading slash, as written: `user/{id}`. */
  readonly path: string
  /** Auth-enabled table whose tokens open it; null when the definition names none. */
  readonly auth: string | null
  readonly active: boolean
  readonly group: GroupSnapshot
  readonly definition: Definition
  /** Compiled on first use; throws its compile error at every call. */
  program(): Program
}
