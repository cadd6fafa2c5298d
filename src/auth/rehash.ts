/** Stores a password's hash with today's parameters in place of the one it was checked against. */
import type { Database } from '../db/client.js'
import { placeOf, schemaName } from '../db/ddl/names.js'
import type { TableModel } from '../definitions/table.js'
import { ident } from '../lib/sql.js'
import type { PasswordService } from './passwords.js'

export interface RehashOptions {
  db: Pick<Database, 'withTransaction'>
  passwords: Pick<PasswordService, 'hash'>
}

/** Salted hashes are unique, so the old one finds its row. The tokens of the row stay good: the password is the same. */
export const createRehash =
  ({ db, passwords }: RehashOptions) =>
  async (
    workspace: { id: number; tables: ReadonlyMap<string, TableModel>; tablesOf?: number | null },
    datasource: string,
    text: string,
    old: string,
  ): Promise<void> => {
    const targets = [...workspace.tables.values()].flatMap((table) =>
      table.auth ? table.columns.filter((column) => column.type === 'password' && !column.list).map((column) => [table.name, column.name] as const) : [],
    )
    if (targets.length === 0) return
    const hash = await passwords.hash(text)
    await db.withTransaction(async (transaction) => {
      await transaction.query(`select set_config('stackhold.keep_tokens', 'on', true)`)
      for (const [table, column] of targets) {
        const name = ident(column).chunks.join('')
        const { count } = await transaction.execute(
          `update ${ident(schemaName(workspace.id, placeOf(datasource, workspace.tablesOf)), table).chunks.join('')} set ${name} = $1 where ${name} = $2`,
          [hash, old],
        )
        if (count > 0) return
      }
    })
  }
