/** Builds indexes while others write, after the change that declared them. */
import type { Database } from '../client.js'
import type { DeferredIndex } from './apply.js'

const timeoutMs = 3_600_000

/** What could not be built, for people; the definition stays, and the next push of it tries again. */
export async function buildIndexes(db: Pick<Database, 'runLong'>, builds: readonly DeferredIndex[]): Promise<string[]> {
  const problems: string[] = []
  for (const { sql, name, label, table } of builds) {
    try {
      await db.runLong(sql, timeoutMs)
    } catch (error) {
      // What a failed build leaves behind is no index, but costs every write.
      await db.runLong(`drop index concurrently if exists ${name}`, timeoutMs).catch(() => {})
      problems.push(`Index ${label} of table "${table}" could not be built: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return problems
}
