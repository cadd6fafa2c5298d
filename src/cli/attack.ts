/** `stackhold attack --self`: what bit comparable products, tried on one's own running instance. */
import { AppError } from '../errors.js'
import { ownOrigin } from './attack/address.js'
import { attacks } from './attack/index.js'
import { describeOutcome, describeSummary, summarize } from './attack/report.js'
import { runAttacks } from './attack/run.js'
import { withStage } from './attack/stage.js'

export interface AttackOptions {
  url: string
  token: string
  self?: boolean
  json?: boolean
  verbose?: boolean
  /** Ids of attacks; all when absent. */
  only?: string
}

/** Makes a workspace, attacks it, deletes it. Exit code 1 when an attack got through. Throws AppError `fatal`. */
export async function attackCommand(options: AttackOptions): Promise<void> {
  if (options.self !== true)
    throw new AppError('fatal', 'Whose server is it?', { hint: 'Say --self: attacks are for your own instance, from its own machine.' })
  const origin = await ownOrigin(options.url)
  const chosen = choose(options.only)
  const write = (text: string): void => void process.stdout.write(text)
  let isStopped = false
  const stop = (): void => {
    isStopped = true
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const outcomes = await withStage(origin, options.token, (stage) =>
      runAttacks({
        origin,
        stage,
        attacks: chosen,
        isStopped: () => isStopped,
        onOutcome: (outcome) => options.json === true || write(describeOutcome(outcome, options.verbose === true)),
        onWait: (seconds) => process.stderr.write(`A limit was reached, as it should be; going on in ${seconds} s.\n`),
      }),
    )
    const summary = summarize(outcomes)
    write(options.json === true ? `${JSON.stringify({ ...summary, attacks: outcomes }, null, 2)}\n` : describeSummary(summary))
    if (!summary.ok || outcomes.length < chosen.length) process.exitCode = 1
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

function choose(only: string | undefined) {
  if (only === undefined) return attacks
  const ids = new Set(only.toUpperCase().split(','))
  const chosen = attacks.filter((attack) => ids.delete(attack.id))
  if (ids.size > 0)
    throw new AppError('fatal', `There is no attack ${[...ids].join(', ')}.`, { hint: `There are ${attacks.map((attack) => attack.id).join(', ')}.` })
  return chosen
}
