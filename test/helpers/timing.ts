/** Whether two kinds of requests take the same time, judged by so many interleaved samples that chance has no say in it. */

export interface Timing {
  /** Chance that a sample of `a` takes longer than one of `b` (Mann-Whitney): 0.5 when nobody can tell. */
  auc: number
  /** Ms between the medians. */
  gap: number
  pairs: number
}

export interface TimingOptions {
  /** Pairs between two looks, and at most. */
  batch?: number
  most?: number
  /** Largest distance of the AUC from 0.5 that counts as the same. */
  tolerance?: number
}

/** Standard deviation of the AUC of equal distributions. */
const spread = (pairs: number): number => Math.sqrt((2 * pairs + 1) / (12 * pairs * pairs))

export function aucOf(a: readonly number[], b: readonly number[]): number {
  const sorted = [...b].sort((x, y) => x - y)
  const below = (value: number, orEqual: boolean): number => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = sorted[middle] as number
      if (other < value || (orEqual && other === value)) low = middle + 1
      else high = middle
    }
    return low
  }
  return a.reduce((wins, value) => wins + (below(value, false) + below(value, true)) / 2, 0) / (a.length * b.length)
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/**
 * Samples in pairs of random order, so that whatever else the machine does meets both kinds alike, until the answer is clear: the same, with
 * two standard deviations to spare, or different by four more than is tolerated. `sample` answers ms.
 */
export async function compareTimes(
  sample: (kind: 'a' | 'b', n: number) => number | Promise<number>,
  { batch = 200, most = 1_000, tolerance = 0.05 }: TimingOptions = {},
): Promise<Timing> {
  const times = { a: [] as number[], b: [] as number[] }
  let state = 20_261_123
  const coin = (): boolean => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >= 2 ** 31
  }
  for (let n = 0; ; n++) {
    for (const kind of coin() ? (['a', 'b'] as const) : (['b', 'a'] as const)) times[kind].push(await sample(kind, n))
    const pairs = n + 1
    if (pairs % batch !== 0) continue
    const auc = aucOf(times.a, times.b)
    const distance = Math.abs(auc - 0.5)
    if (pairs >= most || distance < tolerance - 2 * spread(pairs) || distance > tolerance + 4 * spread(pairs))
      return { auc, gap: Math.abs(median(times.a) - median(times.b)), pairs }
  }
}
