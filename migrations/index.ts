/** Every migration of the catalog, in order. Forward only; one that has been released is never changed. */
import type { Migration } from 'kysely'
import * as createCatalog from './001-create-catalog.js'
import * as createQueryFunctions from './002-create-query-functions.js'
import * as createGuards from './003-create-guards.js'

export const migrations: Readonly<Record<string, Migration>> = {
  '001-create-catalog': createCatalog,
  '002-create-query-functions': createQueryFunctions,
  '003-create-guards': createGuards,
}
