/** How many cores work beside the event loop may take. */
import { performance } from 'node:perf_hooks'

export type LoopClock = Pick<typeof performance, 'now' | 'eventLoopUtilization'>

/** Share of the time the event loop may have been busy for it to count as idle. */
const idleBelow = 0.5
/** Ms between two looks. */
const lookEvery = 100

/**
 * All `cores` while the event loop has little to do, one less while it is busy: a flood of logins must not slow what else is
 * asked (performance.md, A4), and on an otherwise idle server no core should stand by. At least 1.
 */
export function spareCores(cores: number, clock: LoopClock = performance): () => number {
  const most = Math.max(1, cores)
  let room = Math.max(1, most - 1)
  let seen = clock.eventLoopUtilization()
  let seenAt = clock.now()
  return () => {
    const now = clock.now()
    if (now - seenAt >= lookEvery) {
      room = clock.eventLoopUtilization(seen).utilization < idleBelow ? most : Math.max(1, most - 1)
      seen = clock.eventLoopUtilization()
      seenAt = now
    }
    return room
  }
}
