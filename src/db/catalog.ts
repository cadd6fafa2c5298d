/** Kysely types of our own tables, schema `stackhold`. Timestamps are written as text or Date and read as epoch ms. */
import type { ColumnType, Generated, Insertable, JSONColumnType, Selectable, Updateable } from 'kysely'

type Timestamp = ColumnType<number, string | Date, string | Date>
type NullableTimestamp = ColumnType<number | null, string | Date | null | undefined, string | Date | null>
type CreatedAt = ColumnType<number, string | Date | undefined, string | Date>
/** jsonb: written as JSON text, read parsed. */
type Json = JSONColumnType<object>
type DefaultJson = ColumnType<object, string | undefined, string>
type NullableJson = ColumnType<object | null, string | null | undefined, string | null>

export interface WorkspaceTable {
  id: Generated<number>
  name: string
  description: Generated<string>
  guid: string
  settings: DefaultJson
  created_at: CreatedAt
  updated_at: CreatedAt
}

export interface BranchTable {
  id: Generated<number>
  workspace_id: number
  label: string
  description: Generated<string>
  color: Generated<string>
  /** Exactly one branch of a workspace answers requests that name none. */
  live: Generated<boolean>
  backup: Generated<boolean>
  /** Its tables are its own; the others share theirs. */
  own_tables: Generated<boolean>
  created_at: CreatedAt
}

export interface DatasourceTable {
  workspace_id: number
  /** The branch whose own tables it is a set of; null for those of the workspace. */
  branch_id: Generated<number | null>
  label: string
  color: Generated<string>
  created_at: CreatedAt
}

export interface DefinitionTable {
  id: Generated<number>
  workspace_id: number
  /** Null for constructs of the whole workspace, such as tables. */
  branch_id: number | null
  kind: string
  name: string
  /** What the name is unique within: the API group of a query; `''` for most. */
  parent: Generated<string>
  verb: Generated<string>
  guid: string
  /** The public name of an API group, unique within the instance. */
  canonical: string | null
  definition: Json
  version: Generated<number>
  draft: NullableJson
  created_at: CreatedAt
  updated_at: CreatedAt
}

export interface DefinitionVersionTable {
  definition_id: number
  version: number
  definition: Json
  author: Generated<string>
  created_at: CreatedAt
}

export interface EnvVarTable {
  workspace_id: number
  name: string
  /** Encrypted with a key derived from STACKHOLD_SECRET. */
  value: Buffer
  updated_at: CreatedAt
}

export interface AdminTokenTable {
  id: Generated<number>
  name: string
  /** SHA-256 of the token; the token itself is never stored. */
  hash: Buffer
  /** JSON array of scope names. */
  scopes: DefaultJson
  created_at: CreatedAt
  expires_at: NullableTimestamp
  last_used_at: NullableTimestamp
}

export interface TableBinTable {
  id: Generated<number>
  workspace_id: number
  datasource: string
  /** Not a foreign key: the definition may be gone. */
  definition_id: number
  kind: 'table' | 'column'
  /** Where it was, and under which name. */
  schema_name: string
  table_name: string
  column_name: string | null
  /** Where the data is now. */
  bin_schema: string
  bin_table: string
  bin_column: string | null
  /** The table's or the column's definition before the drop. */
  definition: Json
  dropped_at: CreatedAt
  restore_until: Timestamp
}

export interface PhysicalTableTable {
  definition_id: number
  workspace_id: number
  datasource: string
  schema_name: string
  table_name: string
}

export interface AuthEpochTable {
  workspace_id: number
  table_id: number
  record_id: string
  /** Tokens issued before this instant are void. `record_id` '' is the whole table. */
  epoch: Timestamp
}

export interface LoginCountTable {
  /** SHA-256 of what is counted. */
  key: Buffer
  used: number
  ends_at: Timestamp
}

export interface SettingTable {
  key: string
  value: ColumnType<unknown, string, string>
  updated_at: CreatedAt
}

/** Every table of the catalog by name. */
export interface Catalog {
  workspace: WorkspaceTable
  branch: BranchTable
  datasource: DatasourceTable
  definition: DefinitionTable
  definition_version: DefinitionVersionTable
  env_var: EnvVarTable
  admin_token: AdminTokenTable
  table_bin: TableBinTable
  physical_table: PhysicalTableTable
  auth_epoch: AuthEpochTable
  login_count: LoginCountTable
  setting: SettingTable
}

export type Workspace = Selectable<WorkspaceTable>
export type NewWorkspace = Insertable<WorkspaceTable>
export type Branch = Selectable<BranchTable>
export type NewBranch = Insertable<BranchTable>
export type Definition = Selectable<DefinitionTable>
export type NewDefinition = Insertable<DefinitionTable>
export type DefinitionUpdate = Updateable<DefinitionTable>
