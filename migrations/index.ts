/** Every migration of the catalog, in order. Forward only; one that has been released is never changed. */
import type { Migration } from 'kysely'
import * as createCatalog from './001-create-catalog.js'

export const migrations: Readonly<Record<string, Migration>> = {
  '001-create-catalog': createCatalog,
}
