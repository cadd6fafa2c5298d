/** Values that are read as they are needed. */
import { Resource, type Value } from '../lib/value.js'
import type { Scope } from './scope.js'

/** What `foreach` goes over without ever holding all of it. Each iteration starts anew. */
export abstract class ValueStream extends Resource {
  readonly kind = 'stream'
  /** The values in order, a few at a time. Whoever stops before the end lets go of what the stream holds. */
  abstract batches(): AsyncIterable<readonly Value[]>
}

/**
 * Decides which statements may leave a stream: those whose variable nothing but heads of `foreach` reads and nothing else writes.
 * Everything that reads a variable asks the scope for its slot, so counting those is counting all readers.
 */
export function decideStreams(scope: Scope): void {
  if (scope.listed) return
  for (const candidate of scope.streams) {
    const writers = scope.streams.filter(({ name }) => name === candidate.name).length
    candidate.allowed = scope.usesOf(candidate.name) === writers + scope.iterationsOf(candidate.name)
  }
}
