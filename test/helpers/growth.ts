/**
 * Costs as growth, not as seconds: a machine under load answers every clock late, but work that is linear stays linear.
 * What is measured is the processor time of this process (milliseconds), in which the waiting for others does not show.
 */

/** The least processor time that `work` takes in `rounds` rounds: the first also compiles, any of them may collect garbage. */
export async function processorTime(work: () => unknown, rounds = 2): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

/** Below this many milliseconds a measurement is noise. */
const floor = 30

/** How many times as much processor time `large` takes as `small`: about the ratio of their sizes where work is linear, its square where it is not. */
export async function growth(small: () => unknown, large: () => unknown): Promise<number> {
  const base = Math.max(await processorTime(small), floor)
  return (await processorTime(large)) / base
}
