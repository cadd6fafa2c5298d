/** The line with which the reference shows each statement parses, checks and prints. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allFilters } from '../../src/filters/index.js'
import { parseDocuments } from '../../src/lang/parser.js'
import { printDefinition } from '../../src/lang/printer.js'
import { withoutLines } from '../../src/lang/visit.js'
import { checkDefinition } from '../../src/runtime/compile.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { allStatements } from '../../src/statements/index.js'

const registry = createRegistry(allStatements, allFilters)
const shown = JSON.parse(readFileSync(new URL('../cases/statements.json', import.meta.url), 'utf8')) as { name: string; syntax: string }[]

/** Statements that stand in a loop only. */
const loopOnly = new Set(['foreach.remove', 'break', 'continue'])

/** Two blanks stand for a line end in the reference, `...` for arguments of no interest. */
function documentOf({ name, syntax }: (typeof shown)[number]): string {
  const spread = syntax.replace('{ ... }', name === 'api.call' ? '{ api_group = "g" }' : '{ }').replace(/ {2,}/g, '\n')
  const statement = loopOnly.has(name) ? `foreach ($list) {\n  each as $item {\n    ${spread}\n  }\n}` : spread
  return name.startsWith('expect.')
    ? `function "f" {\n  input {\n  }\n  stack {\n  }\n  response = 1\n  test "t" {\n${statement}\n  }\n}`
    : `function "f" {\n  input {\n  }\n  stack {\n    var $list { value = [] }\n${statement}\n  }\n  response = 1\n}`
}

describe('statements as the reference shows them', () => {
  it.each(shown.filter(({ syntax }) => syntax !== '').map((one) => [one.name, one] as const))('%s', (_, one) => {
    const { definitions, problems } = parseDocuments(documentOf(one), registry)
    const errors = [...problems, ...definitions.flatMap(({ definition }) => checkDefinition(definition, registry))].filter(
      (problem) => problem.severity === 'error' && !('unsupported' in problem && problem.unsupported),
    )
    expect(errors).toEqual([])
    const [first] = definitions
    if (first === undefined) throw new Error('nothing was read')
    const again = parseDocuments(printDefinition(first.definition), registry).definitions.map(({ definition }) => withoutLines(definition))
    expect(again).toEqual([withoutLines(first.definition)])
  })

  it.each(shown.filter(({ syntax }) => syntax === '').map(({ name }) => [name]))('%s, shown without arguments, is a known name', (name) => {
    const { definitions } = parseDocuments(documentOf({ name, syntax: `${name} as $x` }), registry)
    const problems = definitions.flatMap(({ definition }) => checkDefinition(definition, registry))
    expect(problems.map(({ message }) => message).filter((message) => message.startsWith('Unknown'))).toEqual([])
  })
})
