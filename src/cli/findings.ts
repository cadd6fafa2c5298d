/** What the security rules found in a change, and what is doubtful in it, as lines of text. */
import type { FindingJson } from '../workspace/security-check.js'

/** The part of an answer that says what is wrong with what was stored. */
export interface Checked {
  warnings?: readonly { document: string; line: number; message: string }[]
  findings?: readonly FindingJson[]
}

/** One line for each, with the fix below it; `""` when there is nothing to say. What is accepted with a reason is left out. */
export function describeFindings({ warnings = [], findings = [] }: Checked): string {
  const lines = [
    ...warnings.map(({ document, line, message }) => `warning ${document}:${line} ${message}`),
    ...findings
      .filter(({ accepted }) => accepted === undefined)
      .flatMap(({ severity, document, line, message, rule, fix }) => [`${severity} ${document}:${line} ${message} (${rule})`, `  ${fix}`]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
