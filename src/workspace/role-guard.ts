/** Roles that an endpoint asks for: the role is read from the row of the caller at every call, so that a change of it acts at once. */
import type { Access } from '../definitions/access.js'
import type { TableModel } from '../definitions/table.js'
import { AppError, fatal } from '../errors.js'
import { isObj, type Value } from '../lib/value.js'
import type { RecordsAction, RecordsCompiler } from '../runtime/capabilities.js'
import type { Frame, Run } from '../runtime/frame.js'
import type { Program } from '../runtime/program.js'

interface Guarded {
  access: Access
  tables: ReadonlyMap<string, TableModel>
  /** Reads accounts whatever their rules. */
  records: RecordsCompiler
}

/** The program behind its roles. Throws AppError `fatal` when the accounts have no role. */
export function guardRoles(program: Program, { access, tables, records }: Guarded): Program {
  const { auth, roles } = access
  if (roles.length === 0) return program
  if (auth === null) throw fatal('An endpoint that asks for a role needs auth.', { hint: 'Add auth = "user" to the endpoint or to its API group.' })
  if (!tables.get(auth)?.columns.some((column) => column.name === 'role' && !column.list))
    throw fatal(`The table "${auth}" has no column "role".`, { hint: 'Add a column: enum role?=member { values = ["member", "admin"] }' })
  const find = readRole(auth, records)
  const assertRole = async (run: Run): Promise<void> => {
    const { caller } = run
    const row = caller.table === auth ? await find(run.records, { run } as Frame) : null
    const role = isObj(row) ? row.get('role') : null
    if (typeof role !== 'string' || !roles.every((list) => list.includes(role))) throw new AppError('accessDenied', 'Access Denied.')
  }
  return {
    document: program.document,
    sensitiveInputs: program.sensitiveInputs,
    async run(run, rawInput, depth) {
      await assertRole(run)
      return program.run(run, rawInput, depth)
    },
    async answer(run, rawInput) {
      await assertRole(run)
      return program.answer(run, rawInput)
    },
  }
}

/** `db.get auth { field_value = $auth.id, output = ["role"] }`. */
const readRole = (auth: string, records: RecordsCompiler): RecordsAction =>
  records.compile({
    operation: 'get',
    table: auth,
    args: new Map([
      ['field_value', { type: 'member', object: { type: 'variable', name: 'auth' }, name: 'id' }],
      ['output', { type: 'list', items: [{ type: 'text', value: 'role' }] }],
    ]),
    compileValue: () => (frame) => frame.run.caller.id,
    compileBound: () => (): Value => null,
    warn: () => {},
    addon: (name) => {
      throw fatal(`Addon does not exist: ${name}`)
    },
  })
