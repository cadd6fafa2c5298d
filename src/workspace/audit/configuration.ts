/** Lines C9 to C12: origins, addresses, modes. */
import type { AuditCheck, AuditFacts } from './check.js'

const corsGroups = ({ branch }: AuditFacts) => [...branch.groups.values()].filter((group) => group.cors.mode === 'custom')

export const configurationChecks: readonly AuditCheck[] = [
  {
    id: 'C9',
    title: 'Only listed websites may call from a browser',
    requirements: ['R22', 'R24'],
    judge(facts) {
      const groups = corsGroups(facts)
      return {
        evidence:
          groups.length === 0 ? ['No group answers another origin.'] : groups.map((group) => `${group.name}: ${group.cors.origins.join(', ') || 'no origin'}.`),
      }
    },
  },
  {
    id: 'C10',
    title: 'No origin is answered with a wildcard',
    requirements: ['R23'],
    judge: ({ branch }) => ({ evidence: [`Origins of ${branch.groups.size} API groups and headers written by stacks.`] }),
  },
  {
    id: 'C11',
    title: 'URLs cannot be guessed, descriptions are not for everyone',
    requirements: ['R25'],
    judge: ({ branch }) => ({ evidence: [...branch.groups.values()].map((group) => `${group.name}: ${group.canonical.length} characters.`) }),
  },
  {
    id: 'C12',
    title: 'Answers do not show how it works inside',
    requirements: ['R26'],
    judge({ posture }) {
      const isPublic = posture.http.publicUrl !== undefined && !/^https?:\/\/(?:localhost|127\.|\[::1\])/.test(posture.http.publicUrl)
      const problems =
        posture.env === 'development' && isPublic
          ? [{ message: `Development mode serves ${posture.http.publicUrl}.`, fix: 'Set STACKHOLD_ENV=production.' }]
          : []
      return { problems, evidence: [posture.env === 'production' ? 'Production mode.' : 'Development mode, this machine only.'] }
    },
  },
]
