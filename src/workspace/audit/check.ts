/** A line of the security checklist, and what it is judged by. */
import type { Config } from '../../config.js'
import type { FindingJson } from '../security-check.js'
import type { BranchSnapshot } from '../snapshot.js'

/** How the server runs, as far as the checklist asks. */
export type Posture = Pick<Config, 'env' | 'http' | 'limits' | 'publicEndpoints' | 'tokens' | 'argon2' | 'secret' | 'adminToken' | 'logLevel' | 'history'>

export interface AdminTokenFact {
  name: string
  scopes: readonly string[]
  /** Epoch ms; null = never. */
  expiresAt: number | null
}

export interface AuditFacts {
  posture: Posture
  branch: BranchSnapshot
  /** What the rules found in the branch. */
  findings: readonly FindingJson[]
  adminTokens: readonly AdminTokenFact[]
}

/** What a check says besides the findings of the rules for its line. */
export interface Verdict {
  /** Problems of the configuration, each with its fix. */
  problems?: { message: string; fix: string }[]
  /** What was looked at, for the reader. */
  evidence: string[]
  /** There is nothing here that the line could be about. */
  notApplicable?: true
}

export interface AuditCheck {
  /** `C1` … `C20`, `S1` … `S5`. */
  id: string
  title: string
  /** Requirements of docs/security.md. */
  requirements: readonly string[]
  judge(facts: AuditFacts): Verdict
}

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`
