/** Who saved definitions last. */
import type { Queryable } from '../db/client.js'

/** Name of an administrator or token by id of definition; empty for what no person saved. */
export async function latestAuthors(db: Queryable, ids: readonly number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db.kysely
    .selectFrom('definition_version')
    .distinctOn('definition_id')
    .select(['definition_id', 'author'])
    .where('definition_id', 'in', [...ids])
    .orderBy('definition_id')
    .orderBy('version', 'desc')
    .execute()
  return new Map(rows.map(({ definition_id, author }) => [definition_id, author]))
}
