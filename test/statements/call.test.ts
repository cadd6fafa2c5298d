import { describe, expect, it } from 'vitest'
import { createRun, run } from '../runtime/harness.js'

const double = `
---
function "math/double" {
  input {
    int n
  }
  stack {
    util.sleep { value = 0.01 }
    precondition ($input.n < 100) {
      error_type = "badrequest"
      error = "too big"
    }
  }
  response = $input.n * 2
}`
const main = (stack: string, response = '$x'): string => `function "main" {\n  input {\n  }\n  stack {\n${stack}\n  }\n  response = ${response}\n}${double}`

describe('function.run', () => {
  it('passes inputs and gives the response', async () => {
    expect(await run(main('function.run "math/double" {\n input = {n: "4"}\n} as $x'))).toBe(8)
    expect(await run(main('function.call "math/double" {\n input = {n: 4}\n} as $x'))).toBe(8)
  })

  it('validates the inputs of the callee and passes its errors on', async () => {
    await expect(run(main('function.run "math/double" as $x'))).rejects.toMatchObject({ code: 'ERROR_CODE_INPUT_ERROR', message: 'Missing param: n' })
    await expect(run(main('function.run "math/double" {\n input = {n: 100}\n} as $x'))).rejects.toMatchObject({
      code: 'ERROR_CODE_BAD_REQUEST',
      message: 'too big',
    })
    await expect(run(main('function.run "math/double" {\n input = 5\n} as $x'))).rejects.toThrow('must be an object')
  })

  it('answers with the mock of the unit test that runs', async () => {
    const text = main('function.run "math/double" {\n input = {n: 4}\n mock = {"first": {faked: true}, "second": 1}\n} as $x')
    expect(await run(text, {}, { run: createRun({ test: 'first' }) })).toEqual({ faked: true })
    expect(await run(text, {}, { run: createRun({ test: 'other' }) })).toBe(8)
    expect(await run(text)).toBe(8)
  })
})

describe('await', () => {
  const start =
    'function.run "math/double" {\n input = {n: 4}\n runtime_mode = "async-shared"\n} as $a\nfunction.run "math/double" {\n input = {n: 5}\n async = true\n} as $b\n'

  it('collects asynchronous runs by id', async () => {
    const text = main(`${start}await {\n ids = [$a, $b]\n timeout = 5\n} as $x`, '{ids: [$a, $b], results: $x}')
    const { ids, results } = (await run(text)) as { ids: [string, string]; results: Record<string, number> }
    expect(results).toEqual({ [ids[0]]: 8, [ids[1]]: 10 })
  })

  it('times out, and knows its own jobs only', async () => {
    await expect(run(main(`${start}await {\n ids = [$a]\n timeout = 0.001\n} as $x`))).rejects.toThrow('Async timeout')
    await expect(run(main('await {\n ids = ["00000000-0000-4000-8000-000000000000"]\n timeout = 1\n} as $x'))).rejects.toThrow('Async timeout')
  })

  it('passes on the error of a job', async () => {
    const text = main('function.run "math/double" {\n input = {n: 100}\n async = true\n} as $a\nawait {\n ids = [$a]\n timeout = 5\n} as $x')
    await expect(run(text)).rejects.toMatchObject({ message: 'too big' })
  })
})
