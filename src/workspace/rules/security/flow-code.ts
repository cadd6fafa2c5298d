/** Labels of what code and templates name: they see variables, inputs and `$env` without a word of it in the expression around them. */
import type { Statement } from '../../../lang/tree.js'
import type { LabelReader } from './flow-expression.js'
import { type Labels, labelsOf, nothing, union } from './labels.js'
import { argument, textOf } from './syntax.js'

/** Which argument of a statement is code or a template. */
const codeArguments: Readonly<Record<string, string>> = { 'api.lambda': 'code', 'util.template_engine': 'value' }

export const codeArgument = (statement: Statement) => {
  const name = codeArguments[statement.name]
  return name === undefined ? undefined : argument(statement, name)
}

/** What the text of a statement's code reads; nothing where it is put together when it runs: then its parts have labels of their own. */
export const codeLabelsOf = (statement: Statement, reader: LabelReader): Labels => textLabels(textOf(codeArgument(statement)), reader)

const names = /(\$?)\b(?:(input|env|auth)\b(?:\s*(?:\?\.|\.)\s*(\$?\w+)|\s*\[\s*["'](\$?\w+)["']\s*\])?|(?:var\s*\.\s*)?([A-Za-z_]\w*))/g

export function textLabels(text: string | undefined, reader: LabelReader): Labels {
  if (text === undefined) return nothing
  return union(
    ...[...text.matchAll(names)].map(([, dollar = '', root, dotted, quoted, variable]) => {
      const name = dotted ?? quoted
      if (root === 'input') return reader.input(name ?? null)
      if (root === 'env') return name?.startsWith('$') === true ? nothing : labelsOf(`env:${name ?? '*'}`)
      if (root === 'auth') return labelsOf(name === 'id' ? 'id' : 'own')
      return variable === undefined || (dollar === '' && reader.variable(variable).size === 0) ? nothing : reader.variable(variable)
    }),
  )
}
