/** Extensions that make searching faster where the server has them. No value is ever stored in their types: with or without them, the tables are the same. */
import type { Extensions } from '../definitions/table.js'
import type { Queryable } from './queryable.js'

interface Found {
  name: 'vector' | 'postgis'
  schema: string | null
  version: string
  creatable: boolean
}

/** HNSW came with pgvector 0.5, geography with bounding boxes of a sphere with PostGIS 2.2. */
const oldest = { vector: [0, 5], postgis: [2, 2] } as const

/** What the database has, or may have: `pg_available_extensions`, and the right to create. */
export async function readExtensions(db: Queryable): Promise<Extensions> {
  const rows = await db.query<Found>(
    `select a.name, n.nspname as schema, coalesce(e.extversion, a.default_version) as version,
       (r.rolsuper or coalesce(v.trusted, false) and has_database_privilege(current_database(), 'create')) as creatable
     from pg_available_extensions a
     join pg_roles r on r.rolname = current_user
     left join pg_available_extension_versions v on v.name = a.name and v.version = a.default_version
     left join pg_extension e on e.extname = a.name
     left join pg_namespace n on n.oid = e.extnamespace
     where a.name in ('vector', 'postgis')`,
  )
  const usable = rows.filter(({ name, schema, version, creatable }) => (schema !== null || creatable) && isAtLeast(version, oldest[name]))
  return Object.fromEntries(usable.map(({ name, schema }) => [name, { schema: schema ?? 'public', installed: schema !== null }]))
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number)
  return a > major || (a === major && b >= minor)
}

/** Only what queries can use already. */
export const installedOnly = (extensions: Extensions): Extensions =>
  Object.fromEntries(Object.entries(extensions).filter(([, extension]) => extension.installed))
