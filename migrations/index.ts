/** Every migration of the catalog, in order. Forward only; one that has been released is never changed. */
import type { Migration } from 'kysely'
import * as createCatalog from './001-create-catalog.js'
import * as createQueryFunctions from './002-create-query-functions.js'
import * as createGuards from './003-create-guards.js'
import * as createSignIn from './004-create-sign-in.js'
import * as createOversight from './005-create-oversight.js'
import * as createIdempotency from './006-create-idempotency.js'
import * as createUpkeep from './007-create-upkeep.js'
import * as createBranchTables from './008-create-branch-tables.js'
import * as createBinLifetime from './009-create-bin-lifetime.js'
import * as createLoginPlaces from './010-create-login-places.js'

export const migrations: Readonly<Record<string, Migration>> = {
  '001-create-catalog': createCatalog,
  '002-create-query-functions': createQueryFunctions,
  '003-create-guards': createGuards,
  '004-create-sign-in': createSignIn,
  '005-create-oversight': createOversight,
  '006-create-idempotency': createIdempotency,
  '007-create-upkeep': createUpkeep,
  '008-create-branch-tables': createBranchTables,
  '009-create-bin-lifetime': createBinLifetime,
  '010-create-login-places': createLoginPlaces,
}
