/** A check of a proposed workspace; each finding names the document it is about. */
import type { DefinitionProblem } from '../../definitions/problem.js'
import type { Entry, Proposal } from '../proposal.js'

export interface Finding {
  entry: Entry
  problem: DefinitionProblem
  /** Two definitions claim one thing: answered as a conflict rather than as an error of the text. */
  conflict?: true
}

export type Rule = (proposal: Proposal) => Finding[]

/** What the change brings: only these are held against it. */
export const changedEntries = (proposal: Proposal): Entry[] => proposal.entries.filter((entry) => entry.action === 'create' || entry.action === 'update')
