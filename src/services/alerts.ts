/** Makes alerts of security events that all nodes wrote, tells them once, and keeps a bounded list. */
import type { Database, Transaction } from '../db/client.js'
import type { Clock } from '../runtime/capabilities.js'
import { type AlertRule, type AlertTuning, defaultAlertRules, type TunedRule, type Tunings } from './alert-rules.js'
import { createAlertSettings } from './alert-settings.js'

export interface Alert {
  id: number
  rule: string
  /** The address, account hash or administrator it is about. */
  key: string
  message: string
  count: number
  /** Epoch ms. */
  createdAt: number
  lastAt: number
  acknowledgedAt: number | null
  acknowledgedBy: string
  delivery: '' | 'sent' | 'failed'
}

export interface Alerts {
  /** As they are in force now, on every node. */
  rules(): Promise<TunedRule[]>
  /** Changes numbers of a rule for all nodes; null goes back to those of the environment. Undefined when there is no such rule. */
  tune(id: string, tuning: Partial<AlertTuning> | null): Promise<TunedRule | undefined>
  /** Looks at the rules that count one of these kinds; all of them when absent. Resolves with what is new. */
  evaluate(kinds?: ReadonlySet<string>): Promise<Alert[]>
  list(query: { open: boolean; limit: number; offset: number }): Promise<{ items: Alert[]; total: number }>
  /** False when there is no such open alert. */
  acknowledge(id: number, by: string): Promise<boolean>
}

export interface AlertOptions {
  db: Pick<Database, 'query' | 'withTransaction'>
  clock: Clock
  rules?: readonly AlertRule[]
  /** Numbers of the environment, by the ids of rules. */
  tunings?: Tunings
  /** Sends a new alert somewhere; its failure is noted with the alert. */
  deliver?(alert: Alert): Promise<boolean>
  onAlert?(alert: Alert): void
  /** Alerts kept at most. */
  keep?: number
}

interface AlertRow {
  id: number
  rule: string
  key: string
  message: string
  count: number
  created_at: number
  last_at: number
  acknowledged_at: number | null
  acknowledged_by: string
  delivery: '' | 'sent' | 'failed'
}

const toAlert = (row: AlertRow): Alert => ({
  id: row.id,
  rule: row.rule,
  key: row.key,
  message: row.message,
  count: row.count,
  createdAt: row.created_at,
  lastAt: row.last_at,
  acknowledgedAt: row.acknowledged_at,
  acknowledgedBy: row.acknowledged_by,
  delivery: row.delivery,
})

const measures: Readonly<Record<AlertRule['measure'], string>> = {
  events: 'count(*)',
  accounts: `count(distinct nullif(account, ''))`,
  addresses: 'count(distinct ip)',
  rows: 'sum(rows)',
}

/** Keys that reached the count within the rule's time. Only names of ours become part of the text. */
const countsOf = ({ by, measure, followedBy, reason }: AlertRule): string => `
  select ${by} as key, (${measures[measure]})::int8 as count from stackhold.security_event e
  where kind = any($1) and created_at > to_timestamp($2::float8 / 1000) and ${by} <> ''
  ${followedBy === undefined ? '' : `and exists (select from stackhold.security_event s where s.kind = any($4) and s.${by} = e.${by} and s.id > e.id)`}
  ${reason === undefined ? '' : `and e.reason = $${followedBy === undefined ? 4 : 5}`}
  group by ${by} having ${measures[measure]} >= $3 order by 2 desc limit 50`

/** Whether events of these kinds can make it count more. */
const isDue = ({ events, reason, followedBy = [] }: AlertRule, kinds: ReadonlySet<string>): boolean =>
  followedBy.some((kind) => kinds.has(kind)) || events.some((kind) => kinds.has(reason === undefined ? kind : `${kind}:${reason}`))

export function createAlerts({ db, clock, rules = defaultAlertRules, tunings = {}, deliver, onAlert = () => {}, keep = 10_000 }: AlertOptions): Alerts {
  const settings = createAlertSettings(rules, tunings)

  const raise = async (transaction: Transaction, rule: AlertRule, now: number): Promise<Alert[]> => {
    const since = now - rule.minutes * 60_000
    const found = await transaction.query<{ key: string; count: number }>(countsOf(rule), [
      [...rule.events],
      since,
      rule.count,
      ...(rule.followedBy === undefined ? [] : [[...rule.followedBy]]),
      ...(rule.reason === undefined ? [] : [rule.reason]),
    ])
    const made: Alert[] = []
    for (const { key, count } of found) {
      // As long as it goes on it is the same alert.
      const known = await transaction.query(
        `update stackhold.security_alert set count = greatest(count, $4), last_at = to_timestamp($5::float8 / 1000)
         where rule = $1 and key = $2 and last_at > to_timestamp($3::float8 / 1000) returning id`,
        [rule.id, key, since, count, now],
      )
      if (known.length > 0) continue
      const [row] = await transaction.query<AlertRow>(
        `insert into stackhold.security_alert (rule, key, message, count, created_at, last_at)
         values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000), to_timestamp($5::float8 / 1000)) returning *`,
        [rule.id, key, `${rule.title}: ${count} within ${rule.minutes} minutes.`, count, now],
      )
      if (row !== undefined) made.push(toAlert(row))
    }
    return made
  }

  const tell = async (alert: Alert): Promise<void> => {
    onAlert(alert)
    if (deliver === undefined) return
    const sent = await deliver(alert).catch(() => false)
    await db.query('update stackhold.security_alert set delivery = $2 where id = $1', [alert.id, sent ? 'sent' : 'failed'])
  }

  return {
    rules: () => settings.read(db),
    tune: (id, tuning) => settings.write(db, id, tuning),
    async evaluate(kinds) {
      const due = kinds === undefined ? rules : rules.filter((rule) => isDue(rule, kinds))
      if (due.length === 0) return []
      const made = await db.withTransaction(async (transaction) => {
        // One node at a time, so that two never make the same alert.
        await transaction.query(`select pg_advisory_xact_lock(hashtext('stackhold.security_alert'))`)
        const now = clock.now()
        const found: Alert[] = []
        const wanted = new Set(due.map(({ id }) => id))
        for (const rule of await settings.read(transaction)) if (rule.enabled && wanted.has(rule.id)) found.push(...(await raise(transaction, rule, now)))
        if (found.length > 0)
          await transaction.query(
            'delete from stackhold.security_alert where id <= (select id from stackhold.security_alert order by id desc offset $1 limit 1)',
            [keep],
          )
        return found
      })
      await Promise.all(made.map(tell))
      return made
    },
    async list({ open, limit, offset }) {
      const where = open ? 'where acknowledged_at is null' : ''
      const [count] = await db.query<{ total: number }>(`select count(*) as total from stackhold.security_alert ${where}`)
      const rows = await db.query<AlertRow>(`select * from stackhold.security_alert ${where} order by id desc limit $1 offset $2`, [limit, offset])
      return { items: rows.map(toAlert), total: count?.total ?? 0 }
    },
    async acknowledge(id, by) {
      const rows = await db.query(
        'update stackhold.security_alert set acknowledged_at = now(), acknowledged_by = $2 where id = $1 and acknowledged_at is null returning id',
        [id, by],
      )
      return rows.length > 0
    },
  }
}
