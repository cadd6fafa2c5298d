/** Time as the server sees it. */
import type { Clock } from '../runtime/capabilities.js'

export const systemClock: Clock = { now: () => Date.now() }
