/** Stored tables as the data layer reads them. */

import { installedOnly, readExtensions } from '../db/extensions.js'
import type { Queryable } from '../db/queryable.js'
import { readTable } from '../definitions/read-table.js'
import type { Extensions, TableModel } from '../definitions/table.js'
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

const isExtensionIndex = (type: string): boolean => type === 'vector' || type === 'spatial'

/** The installed extensions that indexes of the tables need; nothing is asked when none does. */
export async function queryExtensions(db: Queryable, definitions: readonly (StoredTable & { kind: string })[]): Promise<Extensions> {
  const needed = definitions.some((row) => row.kind === 'table' && modelOfTable(row).indexes.some(({ type }) => isExtensionIndex(type)))
  return needed ? installedOnly(await readExtensions(db)) : {}
}

/** The models with what queries over those with such an index may use. */
export const withExtensions = (models: ReadonlyMap<string, TableModel>, extensions: Extensions = {}): Map<string, TableModel> =>
  new Map([...models].map(([name, model]) => [name, model.indexes.some(({ type }) => isExtensionIndex(type)) ? { ...model, extensions } : model]))
