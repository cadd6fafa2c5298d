/** docs/reference says what the registries say. `UPDATE=1` writes it anew. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fieldTypes } from '../../src/fields/index.js'
import { inputFilters } from '../../src/fields/input-filters.js'
import { allFilters } from '../../src/filters/index.js'
import { parseDocument } from '../../src/lang/parser.js'
import { Source } from '../../src/lang/source.js'
import { checkDefinition } from '../../src/runtime/compile.js'
import { createRegistry, isValueFilter } from '../../src/runtime/registry.js'
import { allStatements } from '../../src/statements/index.js'
import { referencePages } from '../helpers/reference-docs.js'

const directory = resolve(import.meta.dirname, '../../docs/reference')
const registry = createRegistry(allStatements, allFilters)
const pages = referencePages(registry.describe(), { types: fieldTypes, inputFilters })

if (process.env['UPDATE'] === '1') {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const [file, text] of pages) writeFileSync(join(directory, file), text)
}

describe('docs/reference', () => {
  it('has these pages and no others', () => {
    expect(readdirSync(directory).sort()).toEqual([...pages.keys()].sort())
  })

  it.each([...pages])('%s is up to date', (file, text) => {
    expect(readFileSync(join(directory, file), 'utf8')).toBe(text)
  })

  it('tells a summary and an example of everything', () => {
    const hasValueFace = (filter: (typeof allFilters)[number]): boolean => isValueFilter(filter) && filter.binds !== true
    const silent = [
      ...allStatements.filter(({ summary, examples }) => summary === '' || examples.length === 0),
      ...allFilters.filter((filter) => filter.summary === '' || (filter.cases.length === 0 && hasValueFace(filter))),
    ]
    expect(silent.map(({ name }) => name)).toEqual([])
  })

  it.each(allStatements.flatMap(({ name, examples }) => examples.map((example): [string, string] => [name, example])))(
    'the example of %s can be stored',
    (_, example) => {
      const text = `function "f" {\n  input {\n  }\n  stack {\n${/^(?:break|continue|foreach\.remove|remove)\b/.test(example) ? `foreach ([1]) {\n each as $i {\n${example}\n}\n}` : example}\n  }\n  response = null\n}`
      const { definition, problems } = parseDocument(new Source('example', text), registry)
      expect(problems.filter(({ severity }) => severity === 'error')).toEqual([])
      expect(definition && checkDefinition(definition, registry).filter(({ severity, unsupported }) => severity === 'error' && unsupported !== true)).toEqual(
        [],
      )
    },
  )
})
