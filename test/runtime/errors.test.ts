import { describe, expect, it } from 'vitest'
import { type AppError, fatal } from '../../src/errors.js'
import type { Workspace } from '../../src/runtime/define.js'
import { compileTest } from '../../src/runtime/test-run.js'
import { createRun, library, registry, run, stack } from './harness.js'

const failure = async (work: Promise<unknown>): Promise<AppError> => {
  try {
    await work
  } catch (error) {
    return error as AppError
  }
  throw new Error('did not fail')
}

const unknown = (): never => {
  throw fatal('Nothing is known here.')
}
/** A workspace without documents and tables. */
const nothing: Workspace = { records: { compile: unknown }, callable: unknown, document: unknown, isAuthTable: () => false }

describe('errors', () => {
  it('name the document, line and statement of the innermost statement, also across calls', async () => {
    const text = `function "outer" {
  input {
  }
  stack {
    foreach ([1]) {
      each as $n {
        function.run "inner"
      }
    }
  }
  response = null
}
---
function "inner" {
  input {
  }
  stack {
    conditional {
      if (true) {
        var $x { value = 1 + null }
      }
    }
  }
  response = null
}`
    expect(await failure(run(text))).toMatchObject({ message: 'Not numeric.', position: { document: 'function "inner"', line: 7, statement: 'var' } })
  })

  it('name the response', async () => {
    expect(await failure(stack('', '$nope'))).toMatchObject({ position: { document: 'function "test"', line: 8, statement: 'response' } })
    expect(await failure(stack('', '{\n  a: 1 + "x"\n}'))).toMatchObject({
      value: 'x',
      position: { document: 'function "test"', line: 8, statement: 'response' },
    })
  })

  it('of a mock and of what a test is given name their place', async () => {
    const mocked = stack('util.get_env {\n  mock = {"t": 1 + "x"}\n} as $x', '$x', { run: createRun({ test: 't' }) })
    expect(await failure(mocked)).toMatchObject({ value: 'x', position: { document: 'function "test"', line: 6, statement: 'util.get_env' } })

    const { definitions, program } = library(`function "f" {
  input {
    int n
  }
  stack {
  }
  response = $input.n
  test "given" {
    input = {n: 1 + "x"}
    expect.to_equal ($response) {
      value = 1
    }
  }
  test "judged" {
    input = {n: 1}
    expect.to_equal ($response - "x") {
      value = 1
    }
  }
}`)
    const outcomes = definitions[0]?.tests.map((test) => compileTest(test, { registry, workspace: nothing }).run(createRun(), program('function', 'f'), null))
    const messages = (await Promise.all(outcomes ?? [])).map(({ message }) => message)
    expect(messages).toEqual(['Not numeric. (test "given", input)', 'Not numeric. (test "judged" line 16, expect.to_equal)'])
  })

  it('of precondition map their type to code and status', async () => {
    const types: [type: string, code: string, status: number][] = [
      ['standard', 'ERROR_FATAL', 500],
      ['servererror', 'ERROR_FATAL', 500],
      ['inputerror', 'ERROR_CODE_INPUT_ERROR', 400],
      ['badrequest', 'ERROR_CODE_BAD_REQUEST', 400],
      ['unauthorized', 'ERROR_CODE_UNAUTHORIZED', 401],
      ['accessdenied', 'ERROR_CODE_ACCESS_DENIED', 403],
      ['notfound', 'ERROR_CODE_NOT_FOUND', 404],
      ['toomanyrequests', 'ERROR_CODE_TOO_MANY_REQUESTS', 429],
    ]
    for (const [type, code, status] of types) {
      const text = `precondition (1 > 2) {\n error_type = "${type}"\n error = "No: " ~ 1\n payload = {a: 1}\n}`
      expect(await failure(stack(text))).toMatchObject({ code, status, message: 'No: 1', payload: { a: 1 } })
    }
    expect(await failure(stack('precondition (false) {\n error_type = "notfound"\n}'))).toMatchObject({ message: 'Not Found.', payload: '' })
    expect(await stack('precondition (2 > 1) {\n error = "x"\n}\nvar $x { value = 1 }')).toBe(1)
  })

  it('of throw carry name and value', async () => {
    const thrown = (name: string, value: string): string => `throw {\n name = "${name}"\n value = ${value}\n}`
    expect(await failure(stack(thrown('QuotaError', '"Too many"')))).toMatchObject({ code: 'QuotaError', message: 'Too many', status: 500, payload: '' })
    expect(await failure(stack(thrown('notfound', '"gone"')))).toMatchObject({ code: 'ERROR_CODE_NOT_FOUND', message: 'gone', status: 404 })
    expect(await failure(stack(thrown('x', '{a: 1}')))).toMatchObject({ message: '{"a":1}', payload: { a: 1 } })
  })

  it('are described by $error in catch', async () => {
    const caught = (statement: string): string => `try_catch {\n try {\n ${statement}\n }\n catch {\n var $x { value = $error }\n }\n}`
    expect(await stack(caught('throw {\n name = "E"\n value = {a: 1}\n}'))).toEqual({
      code: 'E',
      message: 'Throw Error Statement',
      name: 'E',
      result: { a: 1 },
    })
    expect(await stack(caught('var $y { value = 1 / 0 }'))).toEqual({ code: 'ERROR_FATAL', message: 'Division by zero.', name: 'ERROR_FATAL', result: null })
    expect(await stack(caught('precondition (false) {\n error_type = "notfound"\n error = "no"\n}'))).toMatchObject({
      code: 'ERROR_CODE_NOT_FOUND',
      message: 'no',
    })
    expect(await failure(stack('var $x { value = $error.message }'))).toMatchObject({ message: 'Missing var entry: error' })
  })

  it('leave what was done before the error', async () => {
    const text = 'var $x { value = [1] }\ntry_catch {\n try {\n array.push $x { value = 2 }\n array.push $x { value = 1 / 0 }\n }\n catch {\n }\n}'
    expect(await stack(text)).toEqual([1, 2])
  })

  it('of unknown names suggest the nearest', async () => {
    expect(await failure(stack('array.pusch $x { value = 1 }'))).toMatchObject({
      message: 'Unknown statement: array.pusch',
      hint: expect.stringContaining('array.push'),
    })
    expect(await failure(stack('var $x { value = 1|to_texd }'))).toMatchObject({ message: 'Unknown filter: to_texd', hint: expect.stringContaining('to_text') })
    expect(await failure(stack('var $x { valu = 1 }'))).toMatchObject({ hint: expect.stringContaining('value') })
    expect(await failure(stack('debug.log { }'))).toMatchObject({ message: 'debug.log needs the argument "value".' })
    expect(await failure(stack('foreach ([1]) {\n}'))).toMatchObject({ message: 'foreach needs the block "each".' })
    expect(await failure(stack('conditional {\n else {\n }\n}'))).toMatchObject({ message: 'conditional needs the block "if".' })
  })

  it('of statements that are not built yet say so', async () => {
    expect(await failure(stack('redis.set {\n key = "a"\n}'))).toMatchObject({
      code: 'ERROR_CODE_NOT_SUPPORTED',
      status: 501,
      message: 'not supported yet: redis.set',
    })
  })

  it('of an unknown function come when it is reached', async () => {
    const text = (condition: string): string => `conditional {\n if (${condition}) {\n function.run "nope" as $x\n }\n}`
    expect(await stack(text('false'), '1')).toBe(1)
    expect(await failure(stack(text('true'), '1'))).toMatchObject({ message: 'Function does not exist: nope' })
    expect(await failure(stack('function.run "" as $x'))).toMatchObject({ message: 'Function does not exist: (no name)' })
  })

  it('of disabled statements never come', async () => {
    expect(await stack('!nonsense { x = 1 }\n!throw {\n name = "a"\n}\nvar $x { value = 1 }')).toBe(1)
  })
})
