/** What a condition proves about the rows the caller picked, when it holds and when it does not. */

import { constantOf } from '../../../definitions/constant.js'
import type { Expr } from '../../../lang/tree.js'
import { both, type Evidence, either, eitherEvidence, isInput, isRow, type Label, type Labels, noProof, type Proof } from './labels.js'
import { variableName } from './syntax.js'

export interface FactReader {
  labels(expr: Expr): Labels
  /** The check whose outcome a variable holds. */
  variable(name: string): Evidence | undefined
  /** All that is proven when a row is the caller's. */
  provesRow(access: number): Labels
  /** The rows of that access are the caller's if there are any. */
  isOwn(access: number): boolean
  isProven(label: Label): boolean
}

export const noEvidence: Evidence = { ifTrue: noProof, ifFalse: noProof }

const negated = (evidence: Evidence): Evidence => (evidence === noEvidence ? evidence : { ifTrue: evidence.ifFalse, ifFalse: evidence.ifTrue })

export function conditionEvidence(expr: Expr, reader: FactReader): Evidence {
  switch (expr.type) {
    case 'unary':
      return expr.op === '!' ? negated(conditionEvidence(expr.operand, reader)) : noEvidence
    case 'binary':
      return binaryEvidence(expr, reader)
    case 'ternary':
      return eitherEvidence(conditionEvidence(expr.then, reader), conditionEvidence(expr.else, reader))
    case 'constant':
      return expr.name === 'false' || expr.name === 'null' ? { ifTrue: 'all', ifFalse: noProof } : noEvidence
    case 'filter':
      return filterEvidence(expr, reader)
    case 'variable': {
      const known = reader.variable(expr.name)
      return known ?? presence(expr, reader)
    }
    case 'member':
      if (variableName(expr.object) === 'input') return reader.variable(`input.${expr.name}`) ?? noEvidence
      return roleMember(expr, reader) ?? presence(expr, reader)
    default:
      return roleMember(expr, reader) ?? presence(expr, reader)
  }
}

function binaryEvidence(expr: Extract<Expr, { type: 'binary' }>, reader: FactReader): Evidence {
  const { op, left, right } = expr
  if (op === '&&' || op === '||') {
    const [a, b] = [conditionEvidence(left, reader), conditionEvidence(right, reader)]
    if (a === noEvidence && b === noEvidence) return noEvidence
    return op === '&&'
      ? { ifTrue: both(a.ifTrue, b.ifTrue), ifFalse: either(a.ifFalse, b.ifFalse) }
      : { ifTrue: either(a.ifTrue, b.ifTrue), ifFalse: both(a.ifFalse, b.ifFalse) }
  }
  if (op === '==' || op === '===' || op === '=') return equality(left, right, reader)
  if (op === '!=' || op === '!==') return negated(equality(left, right, reader))
  if ((op === '>' || op === '>=') && isConstant(right) && Number(constantOf(right)) + (op === '>' ? 1 : 0) >= 1)
    return { ifTrue: presence(left, reader).ifTrue, ifFalse: noProof }
  return noEvidence
}

const isConstant = (expr: Expr): boolean => constantOf(expr) !== undefined

function equality(left: Expr, right: Expr, reader: FactReader): Evidence {
  if (isConstant(left)) return constantEquality(right, left, reader)
  if (isConstant(right)) return constantEquality(left, right, reader)
  const [a, b] = [reader.labels(left), reader.labels(right)]
  const proof = both(matchProof(a, b, reader), matchProof(b, a, reader))
  return proof !== 'all' && proof.size === 0 ? noEvidence : { ifTrue: proof, ifFalse: noProof }
}

/** Something of the caller's equals something the caller picked. */
function matchProof(mine: Labels, theirs: Labels, reader: FactReader): Proof {
  if (!mine.has('id') && !mine.has('own')) return noProof
  // A mix of the caller's id and what the caller sent proves nothing.
  if ([...mine].some((label) => (isInput(label) || isRow(label)) && !reader.isProven(label))) return noProof
  const proven = new Set<Label>()
  for (const label of theirs) {
    if (isInput(label)) proven.add(label)
    if (label.startsWith('owner:') || (isRow(label) && !mine.has('id')))
      for (const inner of reader.provesRow(Number(label.slice(label.indexOf(':') + 1)))) proven.add(inner)
  }
  return proven
}

function constantEquality(expr: Expr, constant: Expr, reader: FactReader): Evidence {
  const value = constantOf(constant)
  if (value === null || value === false || value === 0 || value === '') return negated(conditionEvidence(expr, reader))
  if (value === true) return conditionEvidence(expr, reader)
  return isRole(expr, reader) && !isEveryone(value) ? { ifTrue: 'all', ifFalse: noProof } : noEvidence
}

/** A row that is the caller's by its own condition: that it exists proves the inputs it was picked by. */
function presence(expr: Expr, reader: FactReader): Evidence {
  const proven = new Set<Label>()
  for (const label of reader.labels(expr)) {
    if (!isRow(label)) continue
    const id = Number(label.slice(4))
    if (reader.isOwn(id)) for (const inner of reader.provesRow(id)) proven.add(inner)
  }
  return proven.size === 0 ? noEvidence : { ifTrue: proven, ifFalse: noProof }
}

const roleName = /(?:role|permission|scope|privilege|access_?level|admin|staff|moderator|editor|manager|superuser|can_)/i
const isEveryone = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^(?:users?|members?|customers?|guest|viewer|reader|subscriber|client|buyer|basic|free|standard|regular|normal|default|registered|authenticated|anonymous|public|any|all|everyone|none|\*)?$/i.test(
    value,
  )

/** A fact of the caller that says what the caller may do: `$auth.extras.role`, `$me.is_admin`. */
function isRole(expr: Expr, reader: FactReader): boolean {
  const name = lastName(expr)
  if (name === undefined || !roleName.test(name)) return false
  const labels = reader.labels(expr)
  return labels.has('own') && ![...labels].some((label) => (isInput(label) || isRow(label)) && !reader.isProven(label))
}

function lastName(expr: Expr): string | undefined {
  if (expr.type === 'member') return expr.name
  if (expr.type !== 'filter') return expr.type === 'variable' ? expr.name : undefined
  const [first] = expr.args
  return expr.name === 'get' && first?.type === 'text' ? first.value : expr.input === null ? undefined : lastName(expr.input)
}

const roleMember = (expr: Expr, reader: FactReader): Evidence | undefined =>
  isRole(expr, reader) && /(?:^is_|admin|staff|superuser|can_)/i.test(lastName(expr) ?? '') ? { ifTrue: 'all', ifFalse: noProof } : undefined

function filterEvidence(expr: Extract<Expr, { type: 'filter' }>, reader: FactReader): Evidence {
  const { input, name, args } = expr
  if (input === null || expr.disabled === true) return input === null ? noEvidence : conditionEvidence(input, reader)
  if (name === 'is_null' || name === 'is_empty' || name === 'not') return negated(conditionEvidence(input, reader))
  const [first] = args
  if ((name === 'equals' || name === '==') && first !== undefined) return equality(input, first, reader)
  // `["admin", "editor"]|in:$auth.extras.role` and the other way round.
  if ((name === 'in' || name === 'contains' || name === 'has_value') && first !== undefined) {
    const role = isConstant(input) ? first : input
    const values = constantOf(isConstant(input) ? input : first)
    const list = Array.isArray(values) ? values : [values]
    if (isConstant(isConstant(input) ? input : first) && isRole(role, reader) && !list.some(isEveryone)) return { ifTrue: 'all', ifFalse: noProof }
    return noEvidence
  }
  return roleMember(expr, reader) ?? presence(expr, reader)
}
