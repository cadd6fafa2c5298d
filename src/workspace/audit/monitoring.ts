/** Lines C17 to C20: limits, events, history, this report. */

import { isStrict } from '../security-check.js'
import { type AuditCheck, count } from './check.js'

const deaf = new Set(['silent', 'fatal', 'error'])

export const monitoringChecks: readonly AuditCheck[] = [
  {
    id: 'C17',
    title: 'Every caller is limited, and cannot choose whom the limit counts',
    requirements: ['R12', 'R14'],
    judge({ posture: { limits, http } }) {
      const problems = []
      if (limits.requestsPerMinute === 0 || limits.requestsPerMinute > 100_000)
        problems.push({ message: 'Requests are not limited.', fix: 'Set STACKHOLD_REQUESTS_PER_MINUTE=1000.' })
      if (http.trustProxy === true)
        problems.push({
          message: 'Every caller may write its own address into X-Forwarded-For.',
          fix: 'Set STACKHOLD_TRUST_PROXY to the number of your proxies, or to their addresses.',
        })
      return { problems, evidence: [`${limits.requestsPerMinute} requests a minute per address; proxies believed: ${String(http.trustProxy)}.`] }
    },
  },
  {
    id: 'C18',
    title: 'Failed logins and refused requests are recorded',
    requirements: ['R34', 'R36'],
    judge({ posture, findings }) {
      const problems = deaf.has(posture.logLevel)
        ? [{ message: `The log level "${posture.logLevel}" drops security events.`, fix: 'Set STACKHOLD_LOG_LEVEL=warn or info.' }]
        : []
      const accepted = findings.filter((finding) => finding.accepted !== undefined)
      return {
        problems,
        evidence: [
          `Log level ${posture.logLevel}. Events: GET /api:meta/security/event; changes: npx stackhold audit-log verify.`,
          ...accepted.map((finding) => `Accepted: ${finding.rule} in ${finding.document}: ${finding.accepted}`),
        ],
      }
    },
  },
  {
    id: 'C19',
    title: 'The request history is bounded and masks secrets',
    requirements: ['R35', 'R37'],
    judge: ({ posture: { history } }) => ({
      evidence: [`Request history: ${history}; secrets are masked before it is stored, 24 hours at most. Alerts: GET /api:meta/security/alert.`],
    }),
  },
  {
    id: 'C20',
    title: 'The workspace is scanned',
    requirements: ['R38'],
    judge({ branch, findings }) {
      const strict = isStrict(branch.definitions.find((stored) => stored.kind === 'workspace')?.definition)
      return {
        evidence: [
          `${count(branch.definitions.length, 'definition')} scanned, ${count(findings.length, 'finding')}. Errors ${strict ? 'stop' : 'do not stop'} a save (security = {strict: ${strict}}).`,
          'The running server: npx stackhold attack --self.',
        ],
      }
    },
  },
]
