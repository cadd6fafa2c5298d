/** XanoScript of ours as definitions. */
import type { ColumnModel } from '../../definitions/table.js'
import { fatal } from '../../errors.js'
import { openGrammar } from '../../lang/grammar.js'
import { parseDocument } from '../../lang/parser.js'
import { hasErrors, Source, syntaxError } from '../../lang/source.js'
import type { Definition, Field } from '../../lang/tree.js'
import { withoutPositions } from '../../lang/visit.js'

/** A text literal. */
export const quote = (text: string): string => JSON.stringify(text)

/** The definition a template describes. */
export function parseTemplate(text: string): Definition {
  const { definition, problems } = parseDocument(new Source('template', text), openGrammar)
  if (hasErrors(problems)) throw syntaxError(problems)
  if (definition === undefined) throw fatal('The template is empty.')
  return withoutPositions(definition)
}

/** An input that takes what a column takes. */
export function inputOf(column: ColumnModel): Field {
  const { at: _at, ...field } = column.field
  return structuredClone(field)
}
