/** What watching over the server found: security events, alerts, their rules, and where alerts are sent. */
import { z } from 'zod'
import { AppError } from '../../errors.js'
import { type AlertTuning, mostCount, mostMinutes, type TunedRule } from '../../services/alert-rules.js'
import type { Alert } from '../../services/alerts.js'
import type { StoredEvent } from '../../services/event-log.js'
import { withoutUndefined } from './defined.js'
import { dateText, envelope, windowOf } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

const alertJson = (alert: Alert) => ({
  id: alert.id,
  rule: alert.rule,
  key: alert.key,
  message: alert.message,
  count: alert.count,
  created_at: dateText(alert.createdAt),
  last_at: dateText(alert.lastAt),
  acknowledged_at: alert.acknowledgedAt === null ? null : dateText(alert.acknowledgedAt),
  acknowledged_by: alert.acknowledgedBy,
  delivery: alert.delivery,
})

const eventJson = ({ createdAt, workspaceId, ...event }: StoredEvent) => ({ ...event, created_at: dateText(createdAt), workspace_id: workspaceId })

function watchOf({ deps }: MetaCall): NonNullable<MetaCall['deps']['watch']> {
  if (deps.watch === undefined) throw new AppError('unsupported', 'This server keeps no security events.')
  return deps.watch
}

async function listEvents(call: MetaCall): Promise<unknown> {
  const window = windowOf(call, 50, 1000)
  const { events } = watchOf(call)
  await events.flush()
  const { items, total } = await events.list({
    kind: call.query('kind') || undefined,
    ip: call.query('ip') || undefined,
    limit: window.perPage,
    offset: (window.page - 1) * window.perPage,
  })
  return { ...envelope(items.map(eventJson), total, window), dropped: events.dropped }
}

async function listAlerts(call: MetaCall): Promise<unknown> {
  const window = windowOf(call, 50, 1000)
  const { items, total } = await watchOf(call).alerts.list({ open: call.flag('open'), limit: window.perPage, offset: (window.page - 1) * window.perPage })
  return envelope(items.map(alertJson), total, window)
}

async function acknowledge(call: MetaCall): Promise<null> {
  const id = call.id('alert_id')
  if (!(await watchOf(call).alerts.acknowledge(id, call.caller.account?.email ?? call.caller.name)))
    throw new AppError('notFound', `There is no open alert with the id ${id}.`)
  return null
}

const webhookBody = z.object({
  url: z
    .string()
    .max(2000)
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https URL')
    .refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '', 'must be without user and password: the address is shown')
    .nullable(),
  secret: z.string().min(16, 'must have at least 16 characters').max(500).optional(),
})

/** The secret goes in and never comes out. */
async function setWebhook(call: MetaCall): Promise<unknown> {
  const { url, secret } = call.json(webhookBody)
  const { webhook } = watchOf(call)
  if (url === null) await webhook.write(null)
  else {
    const kept = secret ?? (await webhook.read())?.secret
    if (kept === undefined) throw new AppError('input', 'Missing param: secret', { payload: { param: 'secret' } })
    await webhook.write({ url, secret: kept })
  }
  return { url }
}

const ruleBody = z
  .object({ count: z.number().int().min(1).max(mostCount), minutes: z.number().int().min(1).max(mostMinutes), enabled: z.boolean() })
  .partial()
  .strict()
  .refine((body) => Object.keys(body).length > 0, 'must name count, minutes or enabled')

const noRule = (id: string): AppError => new AppError('notFound', `There is no alert rule "${id}".`, { hint: 'GET /api:meta/security/alert/rule lists them.' })

async function getRule(call: MetaCall): Promise<TunedRule> {
  const id = call.param('rule')
  const found = (await watchOf(call).alerts.rules()).find((rule) => rule.id === id)
  if (found === undefined) throw noRule(id)
  return found
}

/** Who made the watching blind shall be known, with the numbers. */
async function tuneRule(call: MetaCall, tuning: Partial<AlertTuning> | null): Promise<TunedRule> {
  const { id, count, minutes, enabled } = await getRule(call)
  const rule = await watchOf(call).alerts.tune(id, tuning)
  if (rule === undefined) throw noRule(id)
  call.note({
    object: `alert_rule/${id}`,
    data: { was: { count, minutes, enabled }, is: { count: rule.count, minutes: rule.minutes, enabled: rule.enabled } },
  })
  return rule
}

async function resetWebhook(call: MetaCall): Promise<unknown> {
  const { webhook } = watchOf(call)
  await webhook.reset()
  return { url: (await webhook.read())?.url ?? null }
}

const area = 'audit' as const
const rulePath = '/security/alert/rule/:rule'

export const securityWatchRoutes: readonly MetaRoute[] = [
  { method: 'GET', path: '/security/event', area, handle: listEvents },
  { method: 'GET', path: '/security/alert', area, handle: listAlerts },
  { method: 'POST', path: '/security/alert/:alert_id/acknowledge', area, action: 'security.alert.acknowledge', handle: acknowledge },
  { method: 'GET', path: '/security/alert/rule', area, handle: (call) => watchOf(call).alerts.rules() },
  { method: 'GET', path: rulePath, area, handle: getRule },
  { method: 'PUT', path: rulePath, area, action: 'security.alert.rule', handle: (call) => tuneRule(call, withoutUndefined(call.json(ruleBody))) },
  { method: 'DELETE', path: rulePath, area, action: 'security.alert.rule', handle: (call) => tuneRule(call, null) },
  { method: 'GET', path: '/security/alert/webhook', area, handle: async (call) => ({ url: (await watchOf(call).webhook.read())?.url ?? null }) },
  { method: 'PUT', path: '/security/alert/webhook', area, handle: setWebhook },
  { method: 'DELETE', path: '/security/alert/webhook', area, handle: resetWebhook },
]
