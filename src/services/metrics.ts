/** Counters of the server, kept as plain numbers and written as Prometheus text on demand. */

export interface Metrics {
  /** One answered request; `route` is a name of ours, never a URL. `ms` is its duration. */
  countRequest(route: string, status: number, ms: number): void
  /** One event by name, for example a rejected token. */
  countEvent(name: string): void
  /** A value read whenever the text is written. */
  gauge(name: string, help: string, read: () => number): void
  /** Prometheus text format 0.0.4. */
  print(): string
}

/** Upper bounds in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Routes told apart; the rest is counted as `other`. */
const maxRoutes = 2000

export function createMetrics(): Metrics {
  const requests = new Map<string, Map<number, number>>()
  const events = new Map<string, number>()
  const gauges: { name: string; help: string; read: () => number }[] = []
  const durations = new Array<number>(buckets.length + 1).fill(0)
  let seconds = 0
  let count = 0

  const countsOf = (route: string): Map<number, number> => {
    const key = requests.has(route) || requests.size < maxRoutes ? route : 'other'
    let counts = requests.get(key)
    if (counts === undefined) {
      counts = new Map()
      requests.set(key, counts)
    }
    return counts
  }

  return {
    countRequest(route, status, ms) {
      const counts = countsOf(route)
      counts.set(status, (counts.get(status) ?? 0) + 1)
      const took = ms / 1000
      let bucket = 0
      while (bucket < buckets.length && took > (buckets[bucket] ?? 0)) bucket++
      durations[bucket] = (durations[bucket] ?? 0) + 1
      seconds += took
      count++
    },
    countEvent: (name) => void events.set(name, (events.get(name) ?? 0) + 1),
    gauge: (name, help, read) => void gauges.push({ name, help, read }),
    print() {
      const lines = ['# HELP stackhold_requests_total Answered requests.', '# TYPE stackhold_requests_total counter']
      for (const [route, counts] of requests)
        for (const [status, n] of counts) lines.push(`stackhold_requests_total{route="${escapeLabel(route)}",status="${status}"} ${n}`)
      lines.push('# HELP stackhold_request_seconds Time to answer.', '# TYPE stackhold_request_seconds histogram')
      let below = 0
      buckets.forEach((bound, i) => {
        below += durations[i] ?? 0
        lines.push(`stackhold_request_seconds_bucket{le="${bound}"} ${below}`)
      })
      lines.push(`stackhold_request_seconds_bucket{le="+Inf"} ${count}`, `stackhold_request_seconds_sum ${seconds}`, `stackhold_request_seconds_count ${count}`)
      lines.push('# HELP stackhold_events_total Security and failure events.', '# TYPE stackhold_events_total counter')
      for (const [name, n] of events) lines.push(`stackhold_events_total{event="${escapeLabel(name)}"} ${n}`)
      for (const { name, help, read } of gauges) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${read()}`)
      return `${lines.join('\n')}\n`
    },
  }
}

const escapeLabel = (label: string): string => label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
