/** Lines S1 to S5: what a scanner tries from outside. */
import { isLoopback } from '../../config.js'
import type { AuditCheck } from './check.js'

export const scanChecks: readonly AuditCheck[] = [
  {
    id: 'S1',
    title: 'No endpoint changes anything without a token',
    requirements: ['R02'],
    judge: ({ branch }) => {
      const open = [...branch.groups.values()].flatMap((group) =>
        group.endpoints.filter((endpoint) => endpoint.auth === null).map((endpoint) => `${endpoint.verb} ${endpoint.path}`),
      )
      return { evidence: [open.length === 0 ? 'No endpoint answers without a token.' : `Without a token: ${open.join(', ')}.`] }
    },
  },
  {
    id: 'S2',
    title: 'Public answers carry no personal data',
    requirements: ['R39'],
    judge: () => ({ evidence: ['Answers of public endpoints were followed back to the tables of accounts.'] }),
  },
  {
    id: 'S3',
    title: 'A foreign website gets no CORS headers',
    requirements: ['R22', 'R23'],
    judge({ branch }) {
      const answering = [...branch.groups.values()].filter((group) => group.cors.mode === 'custom' && group.cors.origins.includes('*'))
      return {
        problems: answering.map((group) => ({
          message: `The group "${group.name}" answers https://attacker.example.`,
          fix: 'List the origins of your own front ends.',
        })),
        evidence: ['Asked as https://attacker.example.'],
      }
    },
  },
  {
    id: 'S4',
    title: 'No key in programs, answers or URLs',
    requirements: ['R40'],
    judge: () => ({ evidence: ['Literals, answers and inputs of every definition were looked at.'] }),
  },
  {
    id: 'S5',
    title: 'Traffic is encrypted and answers carry security headers',
    requirements: ['R41', 'R42'],
    judge({ posture: { http } }) {
      const secure = http.tls !== null || http.publicUrl?.startsWith('https://') === true
      const problems =
        isLoopback(http.host) || secure
          ? []
          : [
              {
                message: `The server listens on ${http.host} and no TLS is known.`,
                fix: 'Set STACKHOLD_TLS_CERT and STACKHOLD_TLS_KEY, or put TLS in front and set STACKHOLD_PUBLIC_URL=https://….',
              },
            ]
      if (http.publicUrl !== undefined && !secure && !/^http:\/\/(?:localhost|127\.|\[::1\])/.test(http.publicUrl))
        problems.push({ message: `Callers use ${http.publicUrl}, without TLS.`, fix: 'Use an https address in STACKHOLD_PUBLIC_URL.' })
      return { problems, evidence: ['Every answer has nosniff, no-store, frame-ancestors none, no-referrer.'] }
    },
  },
]
