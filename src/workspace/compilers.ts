/** What turns definitions into programs. */

import { createRecordsCompiler, type DirectQueryPolicy } from '../db/records.js'
import { compileInputs, type InputReader } from '../fields/inputs.js'
import type { Definition, TestBlock } from '../lang/tree.js'
import type { RecordsCompiler, Vault } from '../runtime/capabilities.js'
import { compileProgram } from '../runtime/compile.js'
import type { Workspace } from '../runtime/define.js'
import type { Program } from '../runtime/program.js'
import type { Registry } from '../runtime/registry.js'
import { type CompiledTest, compileTest } from '../runtime/test-run.js'
import type { WorkspaceSnapshot } from './snapshot.js'

/** The vault of each workspace. */
export type Vaults = (workspaceId: number) => Vault

export interface Compilers {
  readonly registry: Registry
  /** A stack into a program. Throws AppError with its position. */
  compile(definition: Definition, runtime: Workspace, workspace: WorkspaceSnapshot): Program
  /** A test of a definition. Throws AppError with its position. */
  compileTest(test: TestBlock, runtime: Workspace): CompiledTest
  /** The reader of a definition's inputs. Throws AppError for an unknown type. */
  inputs(definition: Definition, workspace: WorkspaceSnapshot): InputReader
  /** The statements of the data layer over the tables of one workspace. */
  records(workspace: WorkspaceSnapshot): RecordsCompiler
}

const inputs: Compilers['inputs'] = (definition, workspace) => {
  const linkTable = (name: string) => workspace.tables.get(name)?.columns.map((column) => column.field)
  return compileInputs(definition.input ?? [], { linkTable })
}

/** Compilers over the statements and filters this server knows. */
export const createCompilers = (registry: Registry, { directQuery = 'off', vaults }: { directQuery?: DirectQueryPolicy; vaults?: Vaults } = {}): Compilers => ({
  registry,
  inputs,
  records: (workspace) =>
    createRecordsCompiler(workspace.tables, {
      lookupSqlFilter: (name) => registry.queryFilter(name)?.sql,
      isQueryOnly: (name) => registry.isQueryOnly(name),
      directQuery,
      ...(vaults === undefined ? {} : { vault: vaults(workspace.id) }),
    }),
  compileTest: (test, runtime) => compileTest(test, { registry, workspace: runtime }),
  compile: (definition, runtime, workspace) => compileProgram(definition, { registry, workspace: runtime, inputs: inputs(definition, workspace) }),
})
