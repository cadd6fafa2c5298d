import { describe, expect, it } from 'vitest'
import { AppError, fatal } from '../../src/errors.js'
import { parseDocument } from '../../src/lang/parser.js'
import { Source } from '../../src/lang/source.js'
import { checkDefinition } from '../../src/runtime/compile.js'
import type { Workspace } from '../../src/runtime/define.js'
import { registry } from './harness.js'

function check(text: string, workspace?: Workspace): { severity: string; message: string; at: string | undefined }[] {
  const { definition } = parseDocument(new Source('test', text), registry)
  if (!definition) throw new Error('does not parse')
  return checkDefinition(definition, registry, workspace).map(({ severity, message, at }) => ({
    severity,
    message,
    at: at === undefined ? undefined : text.slice(at).split(/[\s|]/)[0],
  }))
}

const wrap = (stack: string, response = 'null'): string => `function "f" {\n  input {\n    int n\n  }\n  stack {\n${stack}\n  }\n  response = ${response}\n}`

describe('checking a definition', () => {
  it('collects every problem with its place', () => {
    const text = wrap(
      'nonsense { a = 1 }\nvar $x { value = 1|nope }\nredis.set {\n key = "a"\n}\nforeach ($x) {\n each as $y {\n  break\n  var $z { valeu = 2 }\n }\n}\nbreak',
    )
    expect(check(text).filter(({ severity }) => severity === 'error')).toEqual([
      { severity: 'error', message: 'Unknown statement: nonsense', at: 'nonsense' },
      { severity: 'error', message: 'Unknown filter: nope', at: expect.any(String) },
      { severity: 'error', message: 'not supported yet: redis.set', at: 'redis.set' },
      { severity: 'error', message: 'var has no argument "valeu".', at: 'valeu' },
      { severity: 'error', message: 'var needs the argument "value".', at: 'var' },
      { severity: 'error', message: 'break stands outside a loop.', at: 'break' },
    ])
  })

  it('warns of variables that are never set and inputs that are not declared', () => {
    expect(check(wrap('var $total { value = $tota + $input.m }', '$total'))).toEqual([
      { severity: 'warning', message: 'Unable to locate input: m', at: '$input.m' },
      { severity: 'warning', message: 'The variable `$tota` is never set.', at: '$tota' },
    ])
    expect(check(wrap('', '$input.n ?? $later ?? 1'))).toEqual([])
  })

  it('asks the workspace for functions and tables', () => {
    const workspace: Workspace = {
      callable: (_, name) => {
        throw fatal(`Function does not exist: ${name}`)
      },
      records: {
        compile: ({ table }) => {
          throw new AppError('fatal', `Unknown table: ${table}`)
        },
      },
      document: (_: string, name: string) => {
        throw fatal(`Unknown document: ${name}`)
      },
      isAuthTable: () => false,
    }
    const messages = check(wrap('function.run "x"\ndb.get "user" {\n field_name = "id"\n field_value = 1\n} as $u'), workspace).map(({ message }) => message)
    expect(messages).toEqual(['Function does not exist: x', 'Unknown table: user'])
  })

  it('checks the expectations of tests', () => {
    const text = `function "f" {\n input {\n }\n stack {\n }\n response = 1\n test "one" {\n expect.to_equal ($response) {\n valu = 1\n }\n }\n}`
    expect(check(text).map(({ message }) => message)).toContain('expect.to_equal has no argument "valu".')
  })

  it('finds nothing wrong with the examples of the statements themselves', () => {
    for (const spec of registry.statements) {
      for (const example of spec.examples) {
        const inLoop = spec.name === 'break' || spec.name === 'continue'
        const problems = check(wrap(inLoop ? `while (false) {\n each {\n${example}\n }\n}` : example)).filter(
          ({ severity, message }) => severity === 'error' && !message.startsWith('not supported yet'),
        )
        expect(problems, `${spec.name}: ${example}`).toEqual([])
      }
    }
  })
})
