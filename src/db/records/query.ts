/** `db.query` and `db.count` as actions. */
import type { RecordsAction } from '../../runtime/capabilities.js'
import { compileAddons, type Enrich } from './addon.js'
import type { CompileContext } from './arguments.js'
import { compileExternals, type External, nothingExternal } from './external.js'
import { passingThrough, type ReadPlan, type RunPlan, rowsIn, runnable } from './plan.js'
import { isPaged, isStream, planCount, planQuery } from './query-plan.js'
import { asDatabaseSession } from './session.js'
import { streaming } from './stream.js'

/** Compiles a query. Filters and sorting that arrive as data make a text of their own at run time; all other texts are made here. */
export function compileQuery(given: CompileContext): RecordsAction {
  const { context, enrich } = compileAddons(given)
  const paged = isPaged(context)
  const action = compileReading(context, planQuery)
  const stream = isStream(context) ? compileStream(context, enrich) : null
  if (enrich === null) return stream === null ? action : Object.assign(action, { stream })
  const enriched: RecordsAction = async (session, frame) => {
    const answer = await action(session, frame)
    await enrich(asDatabaseSession(session), frame, rowsIn(answer, paged))
    return answer
  }
  return stream === null ? enriched : Object.assign(enriched, { stream })
}

/** Read as loops need it. A pool too small to keep a connection for that reads all rows at once. */
function compileStream(context: CompileContext, enrich: Enrich | null): NonNullable<RecordsAction['stream']> {
  const external = compileExternals(context)
  const plain = streaming(planQuery(context, nothingExternal), enrich)
  return (session, frame) => {
    const given = external?.(frame) ?? null
    return (given === null ? plain : streaming(planQuery(context, given), enrich))(asDatabaseSession(session), frame)
  }
}

/** `db.count`: the rows that satisfy a condition. */
export const compileCount = (context: CompileContext): RecordsAction => compileReading(context, planCount)

type MakePlan = (context: CompileContext, external: External) => ReadPlan

function compileReading(context: CompileContext, make: MakePlan): RecordsAction {
  const external = compileExternals(context)
  const plan = make(context, nothingExternal)
  const passing = passingThrough(plan)
  const action = actionOf(runnable(plan), external, (given) => runnable(make(context, given)))
  if (passing === null) return action
  const passThrough = actionOf(passing, external, (given) => {
    const own = make(context, given)
    return passingThrough(own) ?? runnable(own)
  })
  return Object.assign(action, { passThrough })
}

/** `plain` unless a caller sends something. */
function actionOf(plain: RunPlan, external: ReturnType<typeof compileExternals>, build: (given: External) => RunPlan): RecordsAction {
  if (external === null) return (session, frame) => plain(asDatabaseSession(session), frame)
  return (session, frame) => {
    const given = external(frame)
    return (given === null ? plain : build(given))(asDatabaseSession(session), frame)
  }
}
