/** How much work a pattern of the linear-time engine may have in one go: nothing else runs meanwhile. */
import type { RE2JS } from 're2js'

/** States of a pattern times UTF-16 units of a text; about a second for the slowest patterns. */
const maxWork = 25_000_000
/** Time per unit that does not depend on the pattern, in states. */
const overhead = 10

/** Steps of one walk of a pattern over a text, an upper bound. */
export const workOf = (pattern: RE2JS, length: number): number => (pattern.programSize() + overhead) * length

/** Whether one walk of a pattern over a text of that length stays short. */
export const isShortWalk = (pattern: RE2JS, length: number): boolean => workOf(pattern, length) <= maxWork

/** The longest text for a pattern, in UTF-16 units. */
export const longestText = (pattern: RE2JS): number => Math.floor(maxWork / (pattern.programSize() + overhead))
