/** The transcript of attacks. */
import type { Probe } from './attack.js'
import type { Outcome } from './run.js'

const marks: Record<Outcome['status'], string> = { pass: 'pass', fail: 'FAIL', 'not-tried': '--  ' }
const shownFailures = 10

/** One line for each attack: id, class, advisories, an example of what was sent and came back; below it everything that was not refused. */
export function describeOutcome({ id, title, advisories, status, note, probes }: Outcome, verbose: boolean): string {
  const tried = probes.filter((probe) => !probe.control)
  const failed = probes.filter((probe) => !probe.held)
  const example = failed[0] ?? tried[0] ?? probes[0]
  const what = note !== '' ? note : `${probes.length} requests${example === undefined ? '' : `, such as ${example.sent} → ${example.answer}`}`
  const head = `${marks[status]}  ${id.padEnd(3)} ${title} [${advisories.join(', ')}]: ${what}`
  const shown = verbose ? probes : failed.slice(0, shownFailures)
  const rest = verbose ? 0 : failed.length - shown.length
  return `${[head, ...shown.map(describeProbe), ...(rest > 0 ? [`      and ${rest} more`] : [])].join('\n')}\n`
}

const describeProbe = ({ sent, answer, expected, held }: Probe): string =>
  `      ${held ? 'held' : 'FAIL'}  ${sent} → ${answer}${held ? '' : `\n            expected: ${expected}`}`

export interface Summary {
  ok: boolean
  pass: number
  fail: number
  not_tried: number
  requests: number
}

export function summarize(outcomes: readonly Outcome[]): Summary {
  const count = (status: Outcome['status']): number => outcomes.filter((outcome) => outcome.status === status).length
  return {
    ok: count('fail') === 0,
    pass: count('pass'),
    fail: count('fail'),
    not_tried: count('not-tried'),
    requests: outcomes.reduce((sum, { probes }) => sum + probes.length, 0),
  }
}

export const describeSummary = ({ pass, fail, not_tried, requests }: Summary): string =>
  `\n${pass} attacks held off, ${fail} got through, ${not_tried} not tried; ${requests} requests judged.\n`
