/** What values owe to the caller and what conditions prove, given the rows that were reached so far. */
import type { Expr } from '../../../lang/tree.js'
import type { Access } from './access.js'
import { ownerColumnsOf, type SecurityContext } from './context.js'
import { conditionEvidence, type FactReader, noEvidence } from './flow-condition.js'
import { expressionLabels, type LabelReader } from './flow-expression.js'
import { type Lead, leadOf } from './flow-lead.js'
import { membersOf, type ObjectReader, wholeOf } from './flow-objects.js'
import type { State, Variable } from './flow-state.js'
import { type Evidence, isChosen, isInput, isRow, type Label, type Labels, labelsOf, nothing, without } from './labels.js'

const always: Evidence = { ifTrue: nothing, ifFalse: 'all' }
const never: Evidence = { ifTrue: 'all', ifFalse: nothing }

export class Facts {
  readonly context: SecurityContext
  /** The table whose tokens open the endpoint. */
  readonly authTable: string | null
  /** By the number in the labels `row:N` and `owner:N`. */
  readonly accesses: Access[] = []

  constructor(context: SecurityContext, authTable: string | null) {
    this.context = context
    this.authTable = authTable
  }

  labels(expr: Expr, state: State): Labels {
    return expressionLabels(expr, this.reader(state))
  }

  /** What variables and inputs stand for at this point. */
  reader(state: State): LabelReader {
    return {
      variable: (name) => state.variables.get(name)?.labels ?? nothing,
      input(name) {
        const all = state.variables.get('input')
        if (name === null) return all?.labels ?? nothing
        return all?.whole === 'input' ? labelsOf(`in:${name}`) : (state.variables.get(`input.${name}`)?.labels ?? nothing)
      },
      isOwnerColumn: (id, column) => {
        const access = this.accesses[id]
        return access !== undefined && ownerColumnsOf(access.table, this.context, this.authTable).some((one) => one.name === column)
      },
      secretsOf: (id) => this.accesses[id]?.secrets ?? new Set(),
    }
  }

  /** How objects are followed at this point. */
  objects(state: State): ObjectReader {
    return {
      labels: (expr) => this.labels(expr, state),
      whole: (name) => state.variables.get(name)?.whole,
      members: (name) => state.variables.get(name)?.members,
      isChosen: (expr) => [...this.labels(expr, state)].some(isInput),
    }
  }

  lead(expr: Expr, state: State): Lead {
    return leadOf(expr, (name) => state.variables.get(name)?.lead)
  }

  /** All that is known of a value, for the variable it is assigned to. */
  variable(value: Expr, state: State): Variable {
    const objects = this.objects(state)
    const [whole, members, evidence, lead] = [wholeOf(value, objects), membersOf(value, objects), this.outcome(value, state), this.lead(value, state)]
    return {
      labels: this.labels(value, state),
      ...(whole === undefined ? {} : { whole }),
      ...(members === null ? {} : { members }),
      ...(evidence === undefined ? {} : { evidence }),
      ...(lead.text === '' ? {} : { lead }),
    }
  }

  /** What picking the row proves, once the row is the caller's: the inputs it was picked by, as keys of the same table. */
  closure(id: number, seen = new Set<number>()): Set<Label> {
    const proven = new Set<Label>([`row:${id}`])
    const access = this.accesses[id]
    if (access === undefined || seen.has(id)) return proven
    seen.add(id)
    for (const { labels, target } of access.keys)
      for (const label of labels) {
        if (isInput(label)) proven.add(`${label}@${target}`)
        if (isRow(label)) for (const inner of this.closure(Number(label.slice(4)), seen)) proven.add(inner)
      }
    return proven
  }

  evidence(expr: Expr, state: State): Evidence {
    const reader: FactReader = {
      labels: (inner) => this.labels(inner, state),
      variable: (name) => state.variables.get(name)?.evidence,
      provesRow: (id) => this.closure(id),
      isOwn: (id) => {
        const access = this.accesses[id]
        return access !== undefined && (access.own || access.capability || state.proven.has(`row:${id}`))
      },
      isProven: (label) => state.authorized || state.proven.has(label) || this.#isOwnRow(label),
    }
    return conditionEvidence(expr, reader)
  }

  /** Rows that rules let the caller have. They may be another's all the same: as an account, they prove nothing. */
  isRuledRow(label: Label): boolean {
    return isRow(label) && this.accesses[Number(label.slice(4))]?.ruled === true
  }

  #isOwnRow(label: Label): boolean {
    const access = isRow(label) ? this.accesses[Number(label.slice(4))] : undefined
    return access !== undefined && (access.own || access.capability)
  }

  /** Labels the caller chose and nothing proved, as keys of a table. */
  unproven(labels: Labels, target: string, state: State): Labels {
    if (state.authorized) return nothing
    return without(labels, (label) => !isChosen(label) || state.proven.has(label) || state.proven.has(`${label}@${target}`) || this.#isOwnRow(label))
  }

  /** A value as the outcome of a check. `true` stands for what has been proven where it is assigned. */
  outcome(value: Expr, state: State): Evidence | undefined {
    if (value.type === 'constant') {
      if (value.name === 'true') return { ...always, ifTrue: state.authorized ? 'all' : new Set(state.proven) }
      return value.name === 'now' ? undefined : never
    }
    const evidence = this.evidence(value, state)
    return evidence === noEvidence ? undefined : evidence
  }
}
