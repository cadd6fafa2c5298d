/** What the analysis knows at one point of a stack. */
import type { Lead } from './flow-lead.js'
import { joined, type Members, type Whole } from './flow-objects.js'
import { type Evidence, eitherEvidence, type Label, type Labels, nothing, type Proof, union } from './labels.js'

export interface Variable {
  labels: Labels
  /** Present when the variable holds the outcome of a check. */
  evidence?: Evidence
  /** It holds all inputs, declared ones or the raw body. */
  whole?: Whole
  /** Members of the object it holds, as far as they are known. */
  members?: Members
  /** What the text in it begins with. */
  lead?: Lead
}

export class State {
  readonly variables: Map<string, Variable>
  /** `in:NAME`, `in:NAME@table` (as the key of that table), `row:N`. */
  readonly proven: Set<Label>
  /** The caller's role was checked: any row will do. */
  authorized: boolean
  /** Nothing behind this point runs. */
  ended = false

  constructor(variables: Iterable<readonly [string, Variable]> = [], proven: Iterable<Label> = [], authorized = false) {
    this.variables = new Map(variables)
    this.proven = new Set(proven)
    this.authorized = authorized
  }

  copy(): State {
    return new State(this.variables, this.proven, this.authorized)
  }

  /** With the variables of a callee, and what is proven shared by copy. */
  enter(variables: Iterable<readonly [string, Variable]>): State {
    return new State(variables, this.proven, this.authorized)
  }

  accept(proof: Proof): void {
    if (proof === 'all') this.authorized = true
    else for (const label of proof) this.proven.add(label)
  }

  assign(name: string, variable: Variable): void {
    this.variables.set(name, variable)
  }

  /** Part of the variable changed: the member of that name, when it is known. */
  extend(name: string, labels: Labels, member?: string): void {
    const before = this.variables.get(name)
    const members = joined([before?.members, member === undefined ? null : new Map([[member, labels]])])
    this.variables.set(name, {
      labels: union(before?.labels ?? nothing, labels),
      ...(before?.whole === undefined ? {} : { whole: before.whole }),
      ...(members === null ? {} : { members }),
    })
  }

  /** This point is reached by one of the branches. */
  join(branches: readonly State[]): void {
    const open = branches.filter((branch) => !branch.ended)
    const [first] = open
    if (first === undefined) {
      this.ended = branches.length > 0
      return
    }
    const names = new Set(open.flatMap((branch) => [...branch.variables.keys()]))
    for (const name of names) this.variables.set(name, mergeVariables(open.map((branch) => branch.variables.get(name))))
    const unauthorized = open.filter((branch) => !branch.authorized)
    this.authorized = unauthorized.length === 0
    const [one = first, ...others] = unauthorized
    this.proven.clear()
    for (const label of one.proven) if (others.every((branch) => branch.proven.has(label))) this.proven.add(label)
  }

  /** After a block that may not have run to its end: what it assigned may hold, what it proved may not. */
  mayHaveRun(block: State): void {
    for (const [name, variable] of block.variables) this.variables.set(name, mergeVariables([this.variables.get(name), variable]))
  }
}

/** What a variable holds that was assigned one of these. */
export function mergeVariables(variables: readonly (Variable | undefined)[]): Variable {
  const known = variables.filter((variable): variable is Variable => variable !== undefined)
  const [first, ...rest] = known
  if (first === undefined) return { labels: nothing }
  if (rest.every((variable) => variable === first)) return first
  const merged: Variable = { labels: union(...known.map((variable) => variable.labels)) }
  const whole = known.find((variable) => variable.whole !== undefined)?.whole
  if (whole !== undefined) merged.whole = whole
  const members = joined(known.map((variable) => variable.members))
  if (members !== null) merged.members = members
  if (first.lead !== undefined && rest.every(({ lead }) => lead?.text === first.lead?.text && lead?.complete === first.lead?.complete)) merged.lead = first.lead
  const evidence = known.map((variable) => variable.evidence)
  if (evidence.every((one) => one !== undefined)) merged.evidence = evidence.reduce(eitherEvidence)
  return merged
}
