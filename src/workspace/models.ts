/** Stored tables as the data layer reads them. */
import { readTable } from '../definitions/read-table.js'
import type { TableModel } from '../definitions/table.js'
import type { Definition } from '../lang/tree.js'

interface StoredTable {
  id: number
  guid: string
  definition: Definition
}

/** The model of a stored table; problems are judged when it is saved. */
export const modelOfTable = ({ id, guid, definition }: StoredTable): TableModel => readTable(definition, id, guid).table

/** Models by name. */
export const modelsOf = (tables: readonly StoredTable[]): Map<string, TableModel> =>
  new Map(tables.map((table) => [table.definition.name, modelOfTable(table)]))
