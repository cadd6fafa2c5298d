/** Single-use tokens for links in mails: 256 random bits, stored as SHA-256, used by one atomic statement. */
import { AppError } from '../errors.js'
import type { OneTimeTokens } from '../runtime/accounts.js'
import type { Random } from '../runtime/capabilities.js'
import { parseJson, stringify } from '../runtime/serialize.js'
import { type AccountScope, accountPlace, type TablePlace, tablePlace } from './account-place.js'
import { createSecret, hashSecret } from './secrets.js'

/** Out-of-band secrets live ten minutes at most (OWASP ASVS 5, 6.5.5). */
export const maxOneTimeSeconds = 600
const maxDataBytes = 2048
const purposeShape = /^[\w.:-]{1,64}$/

const insert = `insert into stackhold.auth_one_time_token (hash, table_id, datasource, record_id, purpose, data, expires_at)
  values ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7))`

/** Those that wait for the row find it used, unless the first one is rolled back. Its siblings go with it. */
const use = `with used as (
    update stackhold.auth_one_time_token set used_at = clock_timestamp()
    where hash = $1 and table_id = $2 and datasource = $3 and purpose = $4 and used_at is null and expires_at > clock_timestamp()
    returning hash, record_id, data),
  siblings as (
    delete from stackhold.auth_one_time_token o using used
    where o.table_id = $2 and o.datasource = $3 and o.purpose = $4 and o.record_id = used.record_id and o.record_id <> '' and o.hash <> used.hash)
  select record_id, data from used`

export interface StoredToken {
  recordId: string
  data: string
}

/** Stores a token; `recordId` is empty for what belongs to no account. Throws AppError `fatal` for a purpose or lifetime out of range. */
export async function storeToken(
  place: TablePlace,
  random: Random,
  { recordId, purpose, data, seconds }: StoredToken & { purpose: string; seconds: number },
): Promise<string> {
  if (!purposeShape.test(purpose)) throw new AppError('fatal', 'The purpose of a single-use token must be a short word.', { hint: 'For example "reset".' })
  if (!(seconds > 0 && seconds <= maxOneTimeSeconds))
    throw new AppError('fatal', `A single-use token lives between 1 and ${maxOneTimeSeconds} seconds.`, { hint: 'Leave the expiration out for the most.' })
  if (Buffer.byteLength(data) > maxDataBytes) throw new AppError('fatal', `The data of a single-use token may have ${maxDataBytes} bytes as JSON.`)
  const token = createSecret(random)
  await place.query(insert, [hashSecret(token), place.model.id, place.datasource, recordId, purpose, data, seconds])
  return token
}

/** Null for a token that is not good. */
export async function useToken(place: TablePlace, purpose: string, token: string): Promise<StoredToken | null> {
  const hash = hashSecret(token)
  if (hash === null) return null
  const [row] = await place.query<{ record_id: string; data: string }>(use, [hash, place.model.id, place.datasource, purpose])
  return row === undefined ? null : { recordId: row.record_id, data: row.data }
}

/** Purposes that programs cannot name start with this. */
export const ownPurpose = 'own:'

export function createOneTimeTokens(random: Random, scope: AccountScope): OneTimeTokens {
  const assertForeign = (purpose: string): void => {
    if (purpose.startsWith(ownPurpose)) throw new AppError('fatal', `The purpose of a single-use token may not start with "${ownPurpose}".`)
  }
  return {
    async create(account, { purpose, seconds, data }) {
      assertForeign(purpose)
      const place = accountPlace(scope, account)
      return storeToken(place, random, { recordId: place.recordId, purpose, seconds, data: stringify(data) })
    },
    async use(table, purpose, token) {
      assertForeign(purpose)
      const place = tablePlace(scope, table)
      const used = await useToken(place, purpose, token)
      return used === null ? null : { id: place.toId(used.recordId), data: parseJson(used.data) }
    },
  }
}
