/** What an error tells a builder: document, line, statement and the value; never a secret. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppError } from '../../src/errors.js'
import type { Json } from '../../src/lib/value.js'
import { createServer, type TestServer } from '../meta/server.js'
import { run, stack } from './harness.js'

const failure = async (work: Promise<unknown>): Promise<AppError> => {
  try {
    await work
  } catch (error) {
    return error as AppError
  }
  throw new Error('did not fail')
}

describe('the offending value', () => {
  it.each([
    ['1 + "abc"', 'abc'],
    ['{a: 1} * 2', '{"a":1}'],
    ['5|first', 5],
    ['"zz"|hex2bin', 'zz'],
    ['[1, 2]|map:$$ - "x"', 'x'],
    ['{}|push:1', '{}'],
    ['"x"|timestamp_add_days:"y"', 'x'],
    [`"${'a'.repeat(300)}" - 1`, `${'a'.repeat(200)}…`],
  ])('of %s', async (source, value) => {
    const error = await failure(stack(`var $x { value = ${source} }`))
    expect(error).toMatchObject({ kind: 'fatal', value, position: { document: 'function "test"', line: 6, statement: 'var' } })
  })

  it('is named by document and part when inputs are refused', async () => {
    expect(await failure(stack('', '1', { input: 'int n', values: { n: 'x' } }))).toMatchObject({
      kind: 'input',
      value: 'x',
      position: { document: 'function "test"', line: 3, statement: 'input' },
    })
    const filtered = await failure(stack('', '1', { input: 'text a\nint b filters=min:3', values: { a: 'x', b: 2 } }))
    expect(filtered).toMatchObject({ kind: 'input', value: 2, position: { line: 4, statement: 'input' } })
  })

  it('of a refused input is never a secret, nor an object that holds one', async () => {
    const nested = 'object a {\n schema {\n  int n\n  text key {\n   sensitive = true\n  }\n }\n}'
    for (const [input, values] of [
      ['int a {\n sensitive = true\n}', { a: 'canary' }],
      [nested, { a: { n: 'x', key: 'canary' } }],
    ] as const) {
      const refused = await failure(stack('', '1', { input, values: values as Record<string, Json> }))
      expect(refused).toMatchObject({ kind: 'input', position: { statement: 'input' } })
      expect(refused.value).toBeUndefined()
    }
  })

  it('is none where no value is to blame', async () => {
    expect((await failure(stack('var $x { value = $nope }'))).value).toBeUndefined()
    expect((await failure(stack('throw {\n name = "a"\n value = "b"\n}'))).value).toBeUndefined()
  })
})

describe('secrets', () => {
  const secret = 'hunter2-canary'
  const program = (statement: string): string =>
    `function "f" {\n  input {\n    text key {\n      sensitive = true\n    }\n    password pass?\n  }\n  stack {\n${statement}\n  }\n  response = 1\n}`
  const told = async (statement: string): Promise<string> => {
    const { message, detail, value, hint, payload } = await failure(run(program(statement), { key: secret, pass: 'pw-canary-77' }))
    return JSON.stringify({ message, detail, value, hint, payload })
  }

  it.each([
    'var $x { value = $input.key + 1 }',
    'var $x { value = $input.pass * 2 }',
    'var $x { value = ("key " ~ $input.key) - 1 }',
    'var $x { value = $input.key|hex2bin }',
    'var $x { value = [$input.key]|get:0|base_convert:10:2 }',
    'var $x { value = $input|first }',
    'var $x { value = $input.key|regex_matches:"x" }',
    'var $copy { value = {a: $input.key} }\nvar $x { value = $copy + 1 }',
    'function.run $input.key',
  ])('stay out of %s', async (statement) => {
    let text: string
    try {
      text = await told(statement)
    } catch {
      return
    }
    expect(text).not.toContain('canary')
  })

  it('a builder sends on purpose stay', async () => {
    expect(await told('throw {\n name = "a"\n value = $input.key\n}')).toContain(secret)
  })
})

describe('an answer', () => {
  let server: TestServer
  const workspace = `table "person" {
  auth = false
  schema {
    int id
    text name
    text ssn {
      sensitive = true
    }
  }
}
---
api_group "g" {
  canonical = "blame"
}
---
query "value" verb=GET {
  api_group = "g"
  public = "test"
  input {
  }
  stack {
    var $x {
      value = "abc" + 1
    }
  }
  response = $x
}
---
query "column" verb=GET {
  api_group = "g"
  public = "test"
  input {
  }
  stack {
    db.add "person" {
      data = {name: "Ann", ssn: "123-canary-45"}
    } as $person
    var $x {
      value = $person.ssn * 2
    }
  }
  response = $x
}`
  afterAll(() => server.close())

  describe('in development', () => {
    beforeAll(async () => {
      server = await createServer({ fresh: false, env: { STACKHOLD_ENV: 'development' } })
      await server.instance.push(workspace)
    })
    it('names document, line, statement and value', async () => {
      const { status, body } = await server.api('GET', 'blame/value')
      expect({ status, body }).toMatchObject({
        status: 500,
        body: { code: 'ERROR_FATAL', message: 'Not numeric.', value: 'abc', position: { document: 'query "value" GET', line: 7, statement: 'var' } },
      })
    })
    it('hides values of sensitive columns', async () => {
      const { body, text } = await server.api('GET', 'blame/column')
      expect(body).toMatchObject({ message: 'Not numeric.', value: '(hidden)' })
      expect(text).not.toContain('canary')
    })
  })
})

describe('in production', () => {
  it('an answer says nothing of the inside', async () => {
    const server = await createServer({ fresh: false, env: { STACKHOLD_ENV: 'production' } })
    await server.instance.push(
      'api_group "g" {\n  canonical = "blame"\n}\n---\nquery "value" verb=GET {\n  api_group = "g"\n  public = "test"\n  input {\n  }\n  stack {\n    var $x { value = "abc" + 1 }\n  }\n  response = $x\n}',
    )
    expect((await server.api('GET', 'blame/value')).body).toEqual({ code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' })
    await server.close()
  })
})
