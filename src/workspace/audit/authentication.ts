/** Lines C1 to C4: who may call, who says so, and how often one may guess. */
import { textAttribute } from '../../definitions/attributes.js'
import { publicReasonOf } from '../../definitions/query.js'
import { passwordPolicyOf } from '../../fields/password-policy.js'
import { type AuditCheck, type AuditFacts, count } from './check.js'

const endpointsOf = ({ branch }: AuditFacts) => [...branch.groups.values()].flatMap((group) => group.endpoints)

export const authenticationChecks: readonly AuditCheck[] = [
  {
    id: 'C1',
    title: 'Endpoints are private unless someone wrote down why not',
    requirements: ['R01', 'R03'],
    judge(facts) {
      const problems = []
      if (facts.posture.publicEndpoints === 'allow')
        problems.push({ message: 'The server opens every endpoint that names no auth.', fix: 'Set STACKHOLD_PUBLIC_ENDPOINTS=review.' })
      const workspace = facts.branch.definitions.find((stored) => stored.kind === 'workspace')?.definition
      if (workspace !== undefined && textAttribute(workspace, 'public_endpoints') === 'allow')
        problems.push({
          message: 'The workspace opens every endpoint that names no auth.',
          fix: 'Remove public_endpoints = "allow" from the workspace document.',
        })
      const endpoints = endpointsOf(facts)
      const open = endpoints.filter((endpoint) => endpoint.auth === null && publicReasonOf(endpoint.definition) !== null)
      return { problems, evidence: [`${count(endpoints.length, 'endpoint')}, ${open.length} of them public with a reason.`] }
    },
  },
  {
    id: 'C2',
    title: 'Nobody learns from an answer whether an account exists',
    requirements: ['R05', 'R06', 'R49'],
    judge: ({ branch }) => {
      const tables = [...branch.workspace.tables.values()].filter((table) => table.auth)
      return tables.length === 0
        ? { evidence: ['No table has auth enabled.'], notApplicable: true }
        : {
            evidence: [
              `security.check_password takes the same time for every account and for none. Auth tables: ${tables.map((table) => table.name).join(', ')}.`,
            ],
          }
    },
  },
  {
    id: 'C3',
    title: 'Passwords are strong, and not among the known ones',
    requirements: ['R09', 'R10', 'R11'],
    judge: ({ branch }) => {
      const columns = [...branch.workspace.tables.values()].flatMap((table) =>
        table.columns.filter((column) => column.type === 'password').map((column) => `${table.name}.${column.name}: ${passwordPolicyOf(column.field)}`),
      )
      return columns.length === 0
        ? { evidence: ['There is no password column.'], notApplicable: true }
        : { evidence: [`Block list of 49,233 passwords on every path. Policies: ${columns.join(', ')}.`] }
    },
  },
  {
    id: 'C4',
    title: 'Logins are limited, by address and by account',
    requirements: ['R12', 'R13'],
    judge({ posture: { limits } }) {
      const problems = []
      if (limits.loginsPerMinute === 0 || limits.loginsPerMinute > 30)
        problems.push({
          message: `One address may try ${limits.loginsPerMinute === 0 ? 'any number of' : limits.loginsPerMinute} passwords a minute.`,
          fix: 'Set STACKHOLD_LOGINS_PER_MINUTE=5.',
        })
      if (limits.loginsPerAccount === 0 || limits.loginsPerAccount > 100)
        problems.push({
          message: `One account may be tried ${limits.loginsPerAccount === 0 ? 'any number of' : limits.loginsPerAccount} times in 15 minutes.`,
          fix: 'Set STACKHOLD_LOGINS_PER_ACCOUNT=10.',
        })
      return {
        problems,
        evidence: [`${limits.loginsPerMinute} a minute per address, ${limits.loginsPerAccount} in 15 minutes per account, counted over all servers.`],
      }
    },
  },
]
