/** `stackhold audit`: the security report of a workspace, with an exit code for CI. */
import type { AuditLine, SecurityReport } from '../workspace/audit/report.js'
import { callRemote, type RemoteOptions } from './remote.js'

export interface AuditOptions extends RemoteOptions {
  json?: boolean
}

/** Exits with 1 when a line fails. */
export async function auditCommand(options: AuditOptions): Promise<void> {
  const text = await callRemote(options, { method: 'GET', path: '/security/report' })
  const report = JSON.parse(text) as SecurityReport
  process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : describeReport(report))
  if (!report.ok) process.exitCode = 1
}

const marks: Record<AuditLine['status'], string> = { pass: 'pass', fail: 'FAIL', 'not-applicable': 'n/a ' }

export function describeReport({ workspace, branch, summary, lines, accepted }: SecurityReport): string {
  const text = lines.flatMap((line) => [
    `${marks[line.status]}  ${line.id.padEnd(3)} ${line.title}`,
    ...line.problems.flatMap(({ message, fix, document, line: at, rule }) => [
      `      ${document}${at > 0 ? `:${at}` : ''} ${message}${rule === '' ? '' : ` (${rule})`}`,
      `        ${fix}`,
    ]),
  ])
  const exceptions = accepted.flatMap(({ document, rule, line, accepted: reason }) => [
    `      ${document}${line > 0 ? `:${line}` : ''} (${rule})`,
    `        ${reason ?? ''}`,
  ])
  const total = `${workspace}, branch ${branch}: ${summary.pass} passed, ${summary.fail} failed, ${summary.not_applicable} not applicable; ${summary.problems} problems, ${accepted.length} accepted with a reason.`
  return `${[...text, ...(exceptions.length === 0 ? [] : ['', 'Accepted with a reason:', ...exceptions]), '', total].join('\n')}\n`
}
