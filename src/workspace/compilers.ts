/** What turns definitions into programs. */

import { createRecordsCompiler } from '../db/records.js'
import { compileInputs } from '../fields/inputs.js'
import type { Definition } from '../lang/tree.js'
import type { RecordsCompiler } from '../runtime/capabilities.js'
import { compileProgram } from '../runtime/compile.js'
import type { Workspace } from '../runtime/define.js'
import type { Program } from '../runtime/program.js'
import type { Registry } from '../runtime/registry.js'
import type { WorkspaceSnapshot } from './snapshot.js'

export interface Compilers {
  readonly registry: Registry
  /** A stack into a program. Throws AppError with its position. */
  compile(definition: Definition, runtime: Workspace, workspace: WorkspaceSnapshot): Program
  /** The statements of the data layer over the tables of one workspace. */
  records(workspace: WorkspaceSnapshot): RecordsCompiler
}

/** Compilers over the statements and filters this server knows. */
export const createCompilers = (registry: Registry): Compilers => ({
  registry,
  records: (workspace) => createRecordsCompiler(workspace.tables, { lookupSqlFilter: (name) => registry.queryFilter(name)?.sql }),
  compile(definition, runtime, workspace) {
    const linkTable = (name: string) => workspace.tables.get(name)?.columns.map((column) => column.field)
    return compileProgram(definition, { registry, workspace: runtime, inputs: compileInputs(definition.input ?? [], { linkTable }) })
  },
})
