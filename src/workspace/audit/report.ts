/** The security report: every line of the checklist with its verdict, the evidence, and what to do. */
import { createContext, runRules } from '../rules/security/index.js'
import { type FindingJson, toJson } from '../security-check.js'
import type { BranchSnapshot } from '../snapshot.js'
import { authenticationChecks } from './authentication.js'
import { authorizationChecks } from './authorization.js'
import type { AuditCheck, AuditFacts } from './check.js'
import { configurationChecks } from './configuration.js'
import { dataChecks } from './data.js'
import { monitoringChecks } from './monitoring.js'
import { scanChecks } from './scan.js'

export const auditChecks: readonly AuditCheck[] = [
  ...authenticationChecks,
  ...authorizationChecks,
  ...configurationChecks,
  ...dataChecks,
  ...monitoringChecks,
  ...scanChecks,
]

export interface AuditProblem {
  message: string
  fix: string
  /** Of a rule; empty for the configuration. */
  rule: string
  severity: 'error' | 'warning'
  document: string
  line: number
}

export interface AuditLine {
  id: string
  title: string
  requirements: readonly string[]
  status: 'pass' | 'fail' | 'not-applicable'
  evidence: string[]
  problems: AuditProblem[]
}

export interface SecurityReport {
  workspace: string
  branch: string
  /** True when no line fails. */
  ok: boolean
  summary: { pass: number; fail: number; not_applicable: number; problems: number; accepted: number }
  lines: AuditLine[]
  /** Findings accepted with a reason. */
  accepted: FindingJson[]
}

/** What the rules find in a branch as it is stored. */
export function findingsOf(branch: BranchSnapshot): FindingJson[] {
  const definitions = branch.definitions.map((stored) => stored.definition)
  return runRules(definitions, createContext(definitions)).map((finding) => toJson(finding, { source: null, ...finding.identity }))
}

export function createReport(facts: AuditFacts): SecurityReport {
  const lines = auditChecks.map((check) => toLine(check, facts))
  const of = (status: AuditLine['status']): number => lines.filter((line) => line.status === status).length
  const accepted = facts.findings.filter((finding) => finding.accepted !== undefined)
  return {
    workspace: facts.branch.workspace.name,
    branch: facts.branch.label,
    ok: of('fail') === 0,
    summary: {
      pass: of('pass'),
      fail: of('fail'),
      not_applicable: of('not-applicable'),
      problems: lines.flatMap((line) => line.problems).length,
      accepted: accepted.length,
    },
    lines,
    accepted,
  }
}

function toLine(check: AuditCheck, facts: AuditFacts): AuditLine {
  const { problems = [], evidence, notApplicable } = check.judge(facts)
  const found = facts.findings.filter((finding) => finding.seed === check.id && finding.accepted === undefined)
  const all: AuditProblem[] = [
    ...problems.map((problem) => ({ ...problem, rule: '', severity: 'error' as const, document: 'configuration', line: 0 })),
    ...found.map(({ message, fix, rule, severity, document, line }) => ({ message, fix, rule, severity, document, line })),
  ]
  const status = all.length > 0 ? 'fail' : notApplicable === true ? 'not-applicable' : 'pass'
  return { id: check.id, title: check.title, requirements: check.requirements, status, evidence, problems: all }
}
