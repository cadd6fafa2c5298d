/** Runs that the Metadata API starts: of functions, of tests. */
import { createBinding, tokensOf } from '../../auth/tokens.js'
import { AppError } from '../../errors.js'
import type { Obj } from '../../lib/value.js'
import { Budget } from '../../runtime/budget.js'
import { anonymous, type RecordsSession } from '../../runtime/capabilities.js'
import type { Run } from '../../runtime/frame.js'
import { createTrace, type Trace } from '../../runtime/trace.js'
import type { BranchSnapshot } from '../../workspace/snapshot.js'
import { unauthorized } from '../authenticate.js'
import { type OpenRecordsOptions, observing as observingRun } from '../request-run.js'
import type { MetaCall } from './route.js'

/** The branch as it runs. Throws `notFound`; also for a data source that does not exist. */
export function findBranch({ deps, workspaceId, datasource }: MetaCall, label: string | null): BranchSnapshot {
  const workspace = deps.live.current.workspaces.get(workspaceId)
  if (workspace === undefined) throw new AppError('notFound', `Workspace ${workspaceId} does not exist.`)
  const branch = workspace.branches.get(label ?? workspace.liveBranch)
  if (branch === undefined) throw new AppError('notFound', `Branch "${label ?? ''}" does not exist.`)
  if (!workspace.datasources.includes(datasource)) throw new AppError('notFound', `The data source "${datasource}" does not exist.`)
  return branch
}

const tracedAtMost = 10_000

/** What `?trace=true` asks for; null without it. */
export const traceOf = (call: MetaCall): Trace | null => (call.query('trace') === 'true' ? createTrace(tracedAtMost) : null)

/** For the session of a traced run. */
export const observing = (trace: Trace | null): OpenRecordsOptions => (trace === null ? {} : observingRun(trace))

/** A trace as answers show it: what ran, where, when, and which SQL it sent. Results and messages stay out, because they may hold secrets. */
export const traceJson = (trace: Trace | null): { trace?: object } =>
  trace === null
    ? {}
    : {
        trace: {
          entries: trace.entries.map(({ result: _result, error, ...entry }) => (error === undefined ? entry : { ...entry, failed: true })),
          dropped: trace.dropped,
        },
      }

export interface DebugRunOptions {
  /** Instead of the session of the call's data source; it must observe for the trace. */
  records?: RecordsSession
  trace?: Trace | null
}

/** A run with logs. */
export function createDebugRun(
  { deps, datasource }: MetaCall,
  branch: BranchSnapshot,
  input: Obj,
  { records: given, trace = null }: DebugRunOptions = {},
): Run {
  const { services, settings } = deps
  const { workspace } = branch
  const records = given ?? services.openRecords(workspace, datasource, observing(trace))
  return {
    budget: new Budget(settings.run),
    clock: services.clock,
    random: services.random,
    passwords: services.passwords,
    templates: services.templates,
    javascript: services.javascript,
    places: services.places,
    mail: services.mail,
    instanceKeys: services.instanceKeys?.(workspace.id),
    accounts: services.accounts?.({ workspaceId: workspace.id, tables: workspace.tables, records: () => records, ip: () => '' }),
    external: services.external,
    authenticate: async (token, table) => {
      const model = workspace.tables.get(table)
      if (token === '' || model?.auth !== true) throw unauthorized()
      const verified = await services.tokens.verify(token, createBinding(workspace.id, model.id, records.datasource))
      if (verified === null) throw unauthorized()
      return { table, id: verified.id, extras: verified.extras, session: verified.session }
    },
    tokens: tokensOf(services.tokens, workspace.id, workspace.tables, () => records.datasource),
    records,
    caller: anonymous,
    request: {
      remoteIp: '',
      method: '',
      uri: '',
      querystring: '',
      headers: new Map(),
      authToken: '',
      apiBaseUrl: settings.baseUrl,
      branch: branch.label,
      debugger: true,
      rawBody: null,
      rawInput: input,
    },
    response: { status: null, headers: [] },
    env: workspace.env,
    trace,
    logs: [],
    afterResponse: () => {},
  }
}
