/** Definitions in bodies and answers: XanoScript as text, in a JSON member, or the definition's own JSON. */

import { withGuid } from '../../definitions/guid.js'
import { AppError, inputError } from '../../errors.js'
import type { Grammar } from '../../lang/grammar.js'
import { parseDocument } from '../../lang/parser.js'
import { printDefinition } from '../../lang/printer.js'
import { hasErrors, Source } from '../../lang/source.js'
import type { Definition } from '../../lang/tree.js'
import { readDocuments } from '../../workspace/multidoc/push.js'
import type { IncomingDocument } from '../../workspace/proposal.js'
import type { MetaCall } from './route.js'

/** The document of the body when it is XanoScript (raw, or the member `xanoscript`) or a definition (`definition`); null for other JSON. */
export function documentOf(call: MetaCall, kind: string): IncomingDocument | null {
  const { body } = call
  if (body.kind === 'xanoscript') return oneDocument(call.deps.compilers.registry, body.text, kind)
  if (body.kind !== 'json' || typeof body.value !== 'object' || body.value === null) return null
  const { xanoscript, definition } = body.value as { xanoscript?: unknown; definition?: unknown }
  if (xanoscript !== undefined) return oneDocument(call.deps.compilers.registry, scriptText(xanoscript), kind)
  return definition === undefined ? null : { definition: assertKind(definitionFromTree(call.deps.compilers.registry, definition), kind), source: null }
}

/** `xanoscript` is text, or `{value: text}` as it was answered. */
function scriptText(value: unknown): string {
  const text = typeof value === 'object' && value !== null && 'value' in value ? value.value : value
  if (typeof text !== 'string') throw inputError('xanoscript', '"xanoscript" must be text.')
  return text
}

function oneDocument(grammar: Grammar, text: string, kind: string): IncomingDocument {
  const documents = readDocuments(grammar, text)
  const [document] = documents
  if (document === undefined || documents.length > 1) throw new AppError('badRequest', `The body must hold one ${kind}.`)
  assertKind(document.definition, kind)
  return document
}

function assertKind(definition: Definition, kind: string): Definition {
  if (definition.kind !== kind) throw new AppError('badRequest', `Expected a ${kind}, got a ${definition.kind}.`)
  return definition
}

/** A definition from its JSON: what cannot be printed and read again is none. Throws `input`. */
export function definitionFromTree(grammar: Grammar, tree: unknown): Definition {
  let text: string
  try {
    text = printDefinition(withClauses(tree))
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('input', 'This is not the JSON form of a definition.', {
      payload: { param: 'definition' },
      cause,
      hint: 'POST /workspace/{id}/convert/fromXS shows the form.',
    })
  }
  const { definition, problems } = parseDocument(new Source('definition', text), grammar)
  if (definition === undefined || hasErrors(problems))
    throw new AppError('input', `This is not a valid definition: ${problems[0]?.message ?? ''}`, { payload: { param: 'definition' } })
  return definition
}

/** Clauses every definition has may be left out of the JSON. */
function withClauses(tree: unknown): Definition {
  if (typeof tree !== 'object' || tree === null || typeof (tree as Definition).kind !== 'string') throw inputError('kind', 'Missing param: kind')
  return { name: '', headAttributes: [], attributes: [], tests: [], groups: [], ...(tree as Partial<Definition>) } as Definition
}

/** The `xanoscript` member of answers. */
export function scriptJson(definition: Definition, guid: string): { status: 'ok'; value: string } | { status: 'error'; value: string; message: string } {
  try {
    return { status: 'ok', value: printDefinition(withGuid(definition, guid)) }
  } catch (error) {
    return { status: 'error', value: '', message: error instanceof Error ? error.message : String(error) }
  }
}
