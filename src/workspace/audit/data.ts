/** Lines C13 to C16: secrets, files, exports, backups. */
import { isWeak } from './authorization.js'
import type { AuditCheck, Posture } from './check.js'

/** OWASP's choices for argon2id: passes at least, for that much memory. */
const owasp: readonly [memoryKib: number, passes: number][] = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
  [9_216, 4],
  [7_168, 5],
]
const isStrong = ({ memoryKib, timeCost }: Posture['argon2']): boolean => owasp.some(([memory, passes]) => memoryKib >= memory && timeCost >= passes)
const maxBody = 67_108_864

export const dataChecks: readonly AuditCheck[] = [
  {
    id: 'C13',
    title: 'Secrets are hashed or encrypted and never leave',
    requirements: ['R27', 'R28', 'R29'],
    judge({ posture }) {
      const { argon2, secret } = posture
      const cost = `argon2id m=${argon2.memoryKib}, t=${argon2.timeCost}, p=${argon2.parallelism}`
      const problems = []
      if (!isStrong(argon2))
        problems.push({ message: `Passwords are hashed too cheaply: ${cost}.`, fix: 'Set STACKHOLD_ARGON2_MEMORY_KIB=19456 and STACKHOLD_ARGON2_TIME=2.' })
      if (secret !== undefined && isWeak(secret))
        problems.push({
          message: 'STACKHOLD_SECRET can be guessed: every token and stored variable depends on it.',
          fix: `Make one: node -p "crypto.randomBytes(32).toString('base64url')"`,
        })
      return { problems, evidence: [`Passwords: ${cost}. Variables of the workspace, and columns with encrypted = true: AES-256-GCM.`] }
    },
  },
  {
    id: 'C14',
    title: 'Uploads are limited and served safely',
    requirements: ['R30', 'R31'],
    judge({ posture }) {
      const { bodyLimit } = posture.http
      if (bodyLimit > maxBody)
        return { problems: [{ message: `A request may have ${Math.round(bodyLimit / 1_048_576)} MB.`, fix: 'Set STACKHOLD_BODY_LIMIT=1mb.' }], evidence: [] }
      return { evidence: [`Files are not stored yet; a request may have ${bodyLimit} bytes.`], notApplicable: true }
    },
  },
  {
    id: 'C15',
    title: 'Whole tables leave for administrators only',
    requirements: ['R32'],
    judge: () => ({
      evidence: [
        'Rows leave as files through the Metadata API only, with the scope "export" and an entry in the audit log; lists of endpoints were looked at for pages.',
      ],
    }),
  },
  {
    id: 'C16',
    title: 'Backups exist and were restored once',
    requirements: ['R33'],
    judge: () => ({ evidence: ['Not built yet: back up PostgreSQL with pg_dump, and the secret of the server.'], notApplicable: true }),
  },
]
