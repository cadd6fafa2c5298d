/** Lines C5 to C8: whose rows, which role, which administrators. */
import { type AuditCheck, count } from './check.js'

const maxSeconds = 30 * 86_400

export const authorizationChecks: readonly AuditCheck[] = [
  {
    id: 'C5',
    title: 'Whom a request is for comes from the token alone',
    requirements: ['R16', 'R17'],
    judge: ({ branch }) => ({
      evidence: [
        `Data flow of ${count(branch.definitions.filter((stored) => stored.kind === 'query').length, 'endpoint')} followed from inputs to record keys and tokens.`,
      ],
    }),
  },
  {
    id: 'C6',
    title: 'Roles are checked now, and tokens do not outlive them',
    requirements: ['R19', 'R45', 'R47'],
    judge({ posture: { tokens } }) {
      const problems =
        tokens.maxSeconds > maxSeconds
          ? [{ message: `Tokens may live ${Math.round(tokens.maxSeconds / 86_400)} days.`, fix: `Set STACKHOLD_TOKEN_MAX_SECONDS=${maxSeconds} or less.` }]
          : []
      return {
        problems,
        evidence: [
          `Tokens live ${tokens.defaultSeconds} s by default, ${tokens.maxSeconds} s at most; tokens and sessions die with a change of password. Roles of endpoints are read at every call.`,
        ],
      }
    },
  },
  {
    id: 'C7',
    title: 'Administration is apart from the apps',
    requirements: ['R20'],
    judge({ adminTokens, posture }) {
      const problems = []
      const everything = adminTokens.filter((token) => token.scopes.includes('*') && token.expiresAt === null)
      if (everything.length > 1)
        problems.push({
          message: `${everything.length} admin tokens may do everything for ever: ${everything.map((token) => token.name).join(', ')}.`,
          fix: 'Give each only the scopes it needs and a day it expires.',
        })
      if (posture.adminToken !== undefined && isWeak(posture.adminToken))
        problems.push({ message: 'STACKHOLD_ADMIN_TOKEN can be guessed.', fix: `Make one: node -p "crypto.randomBytes(32).toString('base64url')"` })
      return {
        problems,
        evidence: [
          `${count(adminTokens.length, 'stored admin token')}${posture.adminToken === undefined ? '' : ' and one in the environment'}; tokens of apps never open /api:meta.`,
        ],
      }
    },
  },
  {
    id: 'C8',
    title: 'Nobody reads or changes the rows of another',
    requirements: ['R18', 'R21'],
    judge: ({ branch }) => ({
      evidence: [
        `Ownership of ${count(branch.workspace.tables.size, 'table')} taken from references to auth tables and from names of columns.`,
        `${count([...branch.workspace.tables.values()].filter((table) => table.rules !== undefined).length, 'table')} with rules of its own, held by PostgreSQL too.`,
      ],
    }),
  },
]

/** Few different characters, or words of an example. */
export const isWeak = (secret: string): boolean => new Set(secret).size < 12 || /(?:change.?me|example|secret|password|12345)/i.test(secret)
