/** Lets few in at a time and few wait. */

export interface Semaphore {
  /** Runs `work` when there is room. Throws what `whenFull` makes as soon as the queue is full. */
  run<T>(work: () => Promise<T>): Promise<T>
  readonly waiting: number
  readonly running: number
}

/** `room` is asked whenever somebody comes or goes, so it may change. */
export function createSemaphore(room: () => number, maxWaiting: number, whenFull: () => Error): Semaphore {
  const queue: (() => void)[] = []
  let running = 0
  const leave = (): void => {
    running--
    // At least one goes on, whatever the room: nobody else would wake him.
    while (queue.length > 0 && (running === 0 || running < room())) {
      running++
      queue.shift()?.()
    }
  }
  const enter = async (): Promise<void> => {
    if (running < room()) {
      running++
      return
    }
    if (queue.length >= maxWaiting) throw whenFull()
    await new Promise<void>((resolve) => queue.push(resolve))
  }
  return {
    async run(work) {
      await enter()
      try {
        return await work()
      } finally {
        leave()
      }
    },
    get waiting() {
      return queue.length
    },
    get running() {
      return running
    },
  }
}
