/** Runs attacks one after the other and keeps what was asked and answered. */
import { type Attack, json, list, member, NotTried, type Probe, type Stage, type Trial } from './attack.js'
import { createClient, shorten } from './client.js'
import type { Origin, Reply } from './wire.js'

export interface Outcome {
  id: string
  title: string
  advisories: readonly string[]
  status: 'pass' | 'fail' | 'not-tried'
  /** Why it was not tried, or what broke it off; empty otherwise. */
  note: string
  probes: readonly Probe[]
}

export interface RunOptions {
  origin: Origin
  stage: Stage
  attacks: readonly Attack[]
  onOutcome?(outcome: Outcome): void
  onWait?(seconds: number): void
  /** Asked between attacks. */
  isStopped?(): boolean
}

export async function runAttacks({ origin, stage, attacks, onOutcome, onWait, isStopped = () => false }: RunOptions): Promise<Outcome[]> {
  const client = createClient({ origin, targetOf: (name) => `/api:${stage.canonical}/${name}`, ...(onWait === undefined ? {} : { onWait }) })
  const outcomes: Outcome[] = []
  for (const attack of attacks) {
    if (isStopped()) break
    const probes: Probe[] = []
    const note = (reply: Reply, expected: string, held: boolean, control: boolean): void =>
      void probes.push({ sent: reply.sent, answer: describe(reply), expected, held, control })
    const trial: Trial = {
      stage,
      ...client,
      meta: (method, path, body) => client.send({ to: `/api:meta${path}`, method, token: stage.adminToken, ...(body === undefined ? {} : { body }) }),
      check: (reply, expected, held) => note(reply, expected, held, false),
      control: (reply, expected, held) => note(reply, expected, held, true),
    }
    const outcome = await judge(attack, trial, probes)
    outcomes.push(outcome)
    onOutcome?.(outcome)
  }
  return outcomes
}

async function judge(attack: Attack, trial: Trial, probes: readonly Probe[]): Promise<Outcome> {
  const { id, title, advisories } = attack
  let reason: string | null = null
  try {
    await attack.run(trial)
    await assertAlive(trial)
  } catch (error) {
    if (!(error instanceof NotTried)) throw error
    reason = error.message
  }
  const failed = probes.some((probe) => !probe.held) || (reason === null && probes.length === 0)
  return { id, title, advisories, status: failed ? 'fail' : reason === null ? 'pass' : 'not-tried', note: reason ?? '', probes }
}

/** After every attack a caller with a token is served as before. */
async function assertAlive({ stage, send, control }: Trial): Promise<void> {
  const reply = await send({ to: 'me', token: stage.bob.token })
  control(reply, 'the server serves its callers as before', reply.status === 200 && member(json(reply), 'id') === stage.bob.id)
  const open = await send({ to: 'fresh' })
  control(open, 'and strangers', open.status === 200 && list(Object.values(Object(json(open)))).every((value) => value === null))
}

const describe = ({ status, text }: Reply): string => (status === 0 ? 'no answer' : `${status} ${shorten(text, 100)}`)
