/** Programs as builders write them, with inputs and known answers. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/lib/value.js'
import { checkDefinition } from '../../src/runtime/compile.js'
import { createRun, library, registry, run } from '../runtime/harness.js'

interface Case {
  input: Record<string, Json>
  /** The answer, or the part of it at `path`. */
  result?: Json
  path?: string[]
  /** Members the error must have. */
  error?: Record<string, Json>
}

const cases = JSON.parse(readFileSync(join(import.meta.dirname, 'cases.json'), 'utf8')) as Record<string, Case[]>
const programs = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.xs'))
  .map((file) => file.slice(0, -3))
const textOf = (name: string): string => readFileSync(join(import.meta.dirname, `${name}.xs`), 'utf8')

const partAt = (value: Json, path: string[]): Json => path.reduce<Json>((at, key) => (at as Record<string, Json>)[key] ?? null, value)

describe('programs', () => {
  it('all have cases, and all cases a program', () => {
    expect(programs.sort()).toEqual(Object.keys(cases).sort())
    expect(programs.length).toBeGreaterThanOrEqual(40)
  })

  for (const name of programs) {
    it(`${name} passes the check`, () => {
      const isReservedName = ({ message }: { message: string }): boolean => message.endsWith('is a name of the language itself.')
      for (const definition of library(textOf(name)).definitions)
        expect(checkDefinition(definition, registry).filter((problem) => !isReservedName(problem))).toEqual([])
    })

    for (const { input, result, path, error } of cases[name] ?? []) {
      it(`${name} ${JSON.stringify(input)}`, async () => {
        const work = run(textOf(name), input)
        if (error) await expect(work).rejects.toMatchObject(error)
        else expect(partAt(await work, path ?? [])).toEqual(result)
      })
    }
  }

  it('give the same answers while they are traced', async () => {
    for (const name of programs) {
      const [first] = cases[name] ?? []
      if (!first || first.error) continue
      const trace = { entries: [], limit: 1000, dropped: 0 }
      expect(partAt(await run(textOf(name), first.input, { run: createRun({ trace }) }), first.path ?? []), name).toEqual(first.result)
    }
  })
})
