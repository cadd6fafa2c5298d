/**
 * Where a value comes from, as a set of labels:
 * `in:NAME` an input of the caller · `id` the id of the caller's token · `own` facts of the caller (extras, own rows) ·
 * `row:N` the row of access N · `owner:N` the column of that row that says whom it belongs to · `env:NAME` · `secret:WHAT`.
 */
export type Label = string
export type Labels = ReadonlySet<Label>

export const nothing: Labels = new Set()
export const labelsOf = (...labels: Label[]): Labels => new Set(labels)
export const union = (...sets: Labels[]): Labels => {
  const filled = sets.filter((set) => set.size > 0)
  return filled.length === 0 ? nothing : filled.length === 1 ? (filled[0] as Labels) : new Set(filled.flatMap((set) => [...set]))
}
export const without = (labels: Labels, drops: (label: Label) => boolean): Labels => {
  const kept = [...labels].filter((label) => !drops(label))
  return kept.length === labels.size ? labels : new Set(kept)
}

export const isInput = (label: Label): boolean => label.startsWith('in:')
export const isRow = (label: Label): boolean => label.startsWith('row:')
export const isOwnerLabel = (label: Label): boolean => label.startsWith('owner:')
/** What a bool or a hash of a secret no longer gives away. */
export const isSecret = (label: Label): boolean => label.startsWith('secret:') || label.startsWith('env:')
/** Chosen by the caller, directly or through a row the caller chose. */
export const isChosen = (label: Label): boolean => isInput(label) || isRow(label)

/** What a condition proves when it holds: labels whose rows are the caller's, or everything. */
export type Proof = 'all' | Labels
export const noProof: Proof = nothing
export const both = (a: Proof, b: Proof): Proof => (a === 'all' || b === 'all' ? 'all' : union(a, b))
export const either = (a: Proof, b: Proof): Proof => {
  if (a === 'all') return b
  if (b === 'all') return a
  return new Set([...a].filter((label) => b.has(label)))
}

/** A condition either way. */
export interface Evidence {
  ifTrue: Proof
  ifFalse: Proof
}

/** One of two conditions held, or did not. */
export const eitherEvidence = (a: Evidence, b: Evidence): Evidence => ({ ifTrue: either(a.ifTrue, b.ifTrue), ifFalse: either(a.ifFalse, b.ifFalse) })
