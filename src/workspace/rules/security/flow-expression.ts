/** Labels of expressions. */
import type { Expr } from '../../../lang/tree.js'
import { childExprs } from '../../../lang/visit.js'
import { textLabels } from './flow-code.js'
import { codeIn } from './flow-sinks.js'
import { isOwnerLabel, isRow, isSecret, type Label, type Labels, labelsOf, nothing, union, without } from './labels.js'
import { textOf, textsOf, variableName } from './syntax.js'

export interface LabelReader {
  variable(name: string): Labels
  /** An input by name, or all of them: what came with the request, or in a function what the call passed. */
  input(name: string | null): Labels
  isOwnerColumn(access: number, column: string): boolean
  secretsOf(access: number): ReadonlySet<string>
}

/** Facts of the request that the caller writes freely. */
const requestFacts = new Set(['$http_headers', '$request_uri', '$request_querystring', '$request_auth_token'])
/** What comes out tells nothing of a secret that went in. */
const oneWay = /^(?:hmac|sha|md5|encrypt|hash|crypt|count|strlen|is_|has$|in$)/

export function expressionLabels(expr: Expr, reader: LabelReader): Labels {
  switch (expr.type) {
    case 'variable':
      return variableLabels(expr.name, reader)
    case 'member':
      return memberLabels(expr.object, expr.name, reader)
    case 'index':
      return union(expressionLabels(expr.object, reader), expressionLabels(expr.index, reader))
    case 'filter':
      return filterLabels(expr, reader)
    case 'ternary':
      return union(expressionLabels(expr.then, reader), expressionLabels(expr.else, reader))
    case 'binary': {
      const labels = union(expressionLabels(expr.left, reader), expressionLabels(expr.right, reader))
      return isComparison(expr.op) ? without(labels, isSecret) : labels
    }
    default:
      return union(...childExprs(expr).map((child) => expressionLabels(child, reader)))
  }
}

const isComparison = (op: string): boolean => /^(?:[=!]==?|[<>]=?)$/.test(op)

function variableLabels(name: string, reader: LabelReader): Labels {
  if (name === 'auth') return labelsOf('id', 'own')
  if (name === 'env') return labelsOf('env:*')
  return name === 'input' ? reader.input(null) : reader.variable(name)
}

function memberLabels(object: Expr, name: string, reader: LabelReader): Labels {
  const root = variableName(object)
  if (root === 'auth') return labelsOf(name === 'id' ? 'id' : 'own')
  if (root === 'input') return reader.input(name)
  if (root === 'env') return requestFacts.has(name) ? labelsOf('in:*') : name.startsWith('$') ? nothing : labelsOf(`env:${name}`)
  return columnLabels(expressionLabels(object, reader), name, reader)
}

/** One member of rows: whom they belong to is worth knowing, a secret column stays one, the others are none. */
function columnLabels(labels: Labels, name: string, reader: LabelReader): Labels {
  const out = new Set<Label>()
  for (const label of labels) {
    if (isRow(label)) {
      out.add(label)
      if (reader.isOwnerColumn(Number(label.slice(4)), name)) out.add(`owner:${label.slice(4)}`)
    } else if (label.startsWith('secret:')) {
      if (label.endsWith(`.${name}`) || !labelsHaveRow(labels)) out.add(label)
    } else if (!isOwnerLabel(label)) out.add(label)
  }
  return out
}

const labelsHaveRow = (labels: Labels): boolean => [...labels].some(isRow)

function filterLabels(expr: Extract<Expr, { type: 'filter' }>, reader: LabelReader): Labels {
  if (expr.disabled === true) return expr.input === null ? nothing : expressionLabels(expr.input, reader)
  if (expr.name === 'get' && expr.input !== null) {
    const name = textOf(expr.args[0])
    const rest = union(...expr.args.slice(1).map((arg) => expressionLabels(arg, reader)))
    if (name !== undefined) return union(memberLabels(expr.input, name, reader), rest)
  }
  if (expr.name === 'pick' && expr.input !== null) {
    const names = textsOf(expr.args[0])
    if (names.length > 0) return union(...names.map((name) => memberLabels(expr.input as Expr, name, reader)))
  }
  if (expr.name === 'unset' && expr.input !== null) {
    const name = textOf(expr.args[0])
    return without(expressionLabels(expr.input, reader), (label) => name !== undefined && label.startsWith('secret:') && label.endsWith(`.${name}`))
  }
  const labels = union(...childExprs(expr).map((child) => expressionLabels(child, reader)), ...codeIn(expr).map((code) => textLabels(textOf(code), reader)))
  return oneWay.test(expr.name) ? without(labels, isSecret) : labels
}
