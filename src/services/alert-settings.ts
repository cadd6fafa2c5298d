/** Numbers of alert rules that operators changed: one setting of the database, so that all nodes have the same. */
import type { Queryable } from '../db/client.js'
import { type AlertRule, type AlertTuning, mostCount, mostMinutes, type TunedRule, type Tunings, tuneRules } from './alert-rules.js'

export interface AlertSettings {
  read(db: Pick<Queryable, 'query'>): Promise<TunedRule[]>
  /** Null forgets what was changed. Undefined when there is no such rule. */
  write(db: Pick<Queryable, 'query'>, id: string, tuning: Partial<AlertTuning> | null): Promise<TunedRule | undefined>
}

const settingKey = 'alert_rules'
const readSql = 'select value from stackhold.setting where key = $1'
/** Others may change another rule at the same time. */
const mergeSql = `insert into stackhold.setting (key, value) values ($1, jsonb_build_object($2::text, $3::jsonb))
  on conflict (key) do update set updated_at = now(),
    value = setting.value || jsonb_build_object($2::text, coalesce(setting.value -> $2, '{}') || $3::jsonb)`
const resetSql = 'update stackhold.setting set value = value - $2::text, updated_at = now() where key = $1'

export function createAlertSettings(rules: readonly AlertRule[], environment: Tunings): AlertSettings {
  const read = async (db: Pick<Queryable, 'query'>): Promise<TunedRule[]> => {
    const [row] = await db.query<{ value: Record<string, unknown> }>(readSql, [settingKey])
    return tuneRules(rules, environment, readTunings(row?.value ?? {}))
  }
  return {
    read,
    async write(db, id, tuning) {
      if (!rules.some((rule) => rule.id === id)) return undefined
      if (tuning === null) await db.query(resetSql, [settingKey, id])
      else await db.query(mergeSql, [settingKey, id, JSON.stringify(tuning)])
      return (await read(db)).find((rule) => rule.id === id)
    },
  }
}

/** Whatever a row of the database says that is no number of ours is left out: a rule is never switched off by mistake. */
function readTunings(value: Record<string, unknown>): Tunings {
  return Object.fromEntries(
    Object.entries(value).map(([id, given]) => {
      const { count, minutes, enabled } = Object(given) as Record<string, unknown>
      return [
        id,
        {
          ...(isWithin(count, mostCount) ? { count } : {}),
          ...(isWithin(minutes, mostMinutes) ? { minutes } : {}),
          ...(typeof enabled === 'boolean' ? { enabled } : {}),
        },
      ]
    }),
  )
}

const isWithin = (value: unknown, most: number): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most
