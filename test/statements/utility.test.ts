import { describe, expect, it } from 'vitest'
import type { AppError } from '../../src/errors.js'
import { fromPlain, type Obj } from '../../src/lib/value.js'
import { createRun, fixedNow, stack } from '../runtime/harness.js'

describe('utility statements', () => {
  it('util.set_header replaces or adds headers and sets the status', async () => {
    const run = createRun()
    const header = (value: string, duplicates = 'replace'): string => `util.set_header {\n value = "${value}"\n duplicates = "${duplicates}"\n}`
    await stack(
      [header('X-A: 1'), header('x-a: 2'), header('X-A: 3', 'add'), header('Set-Cookie: a=b; Path=/', 'append'), header('HTTP/1.1 201 Created')].join('\n'),
      '1',
      { run },
    )
    expect(run.response).toEqual({
      status: 201,
      headers: [
        ['x-a', '2'],
        ['X-A', '3'],
        ['Set-Cookie', 'a=b; Path=/'],
      ],
    })
    await stack(header('HTTP 1.1 404 Not Found'), '1', { run })
    expect(run.response.status).toBe(404)
    await expect(stack(header('no header'))).rejects.toThrow('util.set_header needs a line')
    await expect(stack(header('X-A: 1\\r\\nX-B: 2'))).rejects.toThrow('util.set_header needs a line')
    await expect(stack(header('HTTP/1.1 999 Odd'))).rejects.toThrow('not a status')
  })

  it('give environment, inputs, raw inputs and variables', async () => {
    expect(await stack('util.get_env as $x')).toEqual({ SECRET: 's3cret' })
    expect(await stack('util.get_all_input as $x', '$x', { input: 'int n\ntext t?', values: { n: '5', other: 1 } })).toEqual({ n: 5, t: '' })
    const run = createRun()
    run.request = { ...run.request, rawInput: fromPlain({ a: 1, other: 2 }) as Obj, rawBody: Buffer.from('a=1&b=x%20y') }
    expect(await stack('util.get_raw_input {\n encoding = "json"\n exclude_middleware = false\n} as $x', '$x', { run })).toEqual({ a: 1, other: 2 })
    expect(await stack('util.get_raw_input {\n encoding = ""\n} as $x', '$x', { run })).toBe('a=1&b=x%20y')
    const yaml = createRun({ request: { ...run.request, rawBody: Buffer.from('a: 1\nb: [x, y]\n') } })
    expect(await stack('util.get_raw_input {\n encoding = "yaml"\n} as $x', '$x', { run: yaml })).toEqual({ a: 1, b: ['x', 'y'] })
    const broken = createRun({ request: { ...run.request, rawBody: Buffer.from('a: [') } })
    await expect(stack('util.get_raw_input {\n encoding = "yaml"\n} as $x', '$x', { run: broken })).rejects.toMatchObject({ kind: 'input' })
    await expect(stack('util.get_raw_input {\n encoding = "toml"\n} as $x', '$x', { run })).rejects.toThrow('knows no encoding "toml"')
    expect(await stack('util.get_input {\n encoding = "x-www-form-urlencoded"\n} as $x', '$x', { run })).toEqual({ a: '1', b: 'x y' })
    expect(await stack('var $a { value = [1] }\nutil.get_vars as $vars\narray.push $a { value = 2 }', '$vars')).toEqual({ a: [1] })
  })

  it('util.sleep waits', async () => {
    const started = performance.now()
    await stack('util.sleep { value = 0.05 }', '1')
    expect(performance.now() - started).toBeGreaterThan(40)
  })

  it('util.geo_distance measures on the sphere', async () => {
    const distance = (a: string): Promise<unknown> =>
      stack(
        `util.geo_distance {\n ${a
          .split(' ')
          .map((value, i) => `${['latitude_1', 'longitude_1', 'latitude_2', 'longitude_2'][i]} = ${value}`)
          .join('\n')}\n} as $x`,
      )
    expect(await distance('10 20 10 20')).toBe(0)
    expect(await distance('0 0 0 1')).toBeCloseTo(111194.93, 1)
    expect(Number(await distance('52.52 13.405 48.8566 2.3522')) / 1000).toBeCloseTo(877.5, 0)
  })

  it('util.post_process runs later, with the variables of its place', async () => {
    const later: (() => Promise<void>)[] = []
    const run = createRun({ afterResponse: (work) => void later.push(work) })
    const text =
      'var $x { value = [1] }\nutil.post_process {\n stack {\n array.push $x { value = 2 }\n debug.log { value = $x }\n }\n}\narray.push $x { value = 3 }'
    expect(await stack(text, '$x', { run })).toEqual([1, 3])
    expect(run.logs).toEqual([])
    for (const work of later) await work()
    expect(run.logs).toEqual([[1, 2]])
  })
})

describe('debug statements', () => {
  it('debug.log keeps values as they were', async () => {
    const run = createRun()
    await stack('var $x { value = [1] }\ndebug.log { value = $x }\narray.push $x { value = 2 }\ndebug.log { value = $x }', '1', { run })
    expect(run.logs).toEqual([[1], [1, 2]])
    expect(await stack('debug.log { value = 1 }', '1', { run: createRun({ logs: null }) })).toBe(1)
  })

  it('debug.stop ends the run, past every catch', async () => {
    const text = 'try_catch {\n try {\n debug.stop { value = {a: 1} }\n }\n catch {\n }\n}'
    await expect(stack(text, '1')).rejects.toMatchObject({ code: 'ERROR_FATAL', errorName: 'DebugStop', payload: { a: 1 } } satisfies Partial<AppError>)
  })
})

describe('expectations', () => {
  const response = `var $response { value = {n: 5, text: "Hello", list: [1, {a: 2}], yes: true, no: false, nothing: null, empty: {}, past: ${fixedNow - 1}, future: ${fixedNow + 1}} }\n`
  const holds: string[] = [
    'to_equal ($response.list) {\n value = [1, {a: 2}]\n}',
    'to_not_equal ($response.n) {\n value = 6\n}',
    'to_start_with ($response.text) {\n value = "He"\n}',
    'to_end_with ($response.text) {\n value = "lo"\n}',
    'to_be_greater_than ($response.n) {\n value = 4\n}',
    'to_be_less_than ($response.n) {\n value = 6\n}',
    'to_match ($response.text) {\n value = "^H.*o$"\n}',
    'to_match ($response.text) {\n value = "/^hello$/i"\n}',
    'to_contain ($response.text) {\n value = "ell"\n}',
    'to_contain ($response.list) {\n value = {a: 2}\n}',
    'to_be_within ($response.n) {\n min = 4\n max = 6\n}',
    'to_be_true ($response.yes)',
    'to_be_false ($response.no)',
    'to_be_in_the_past ($response.past)',
    'to_be_in_the_future ($response.future)',
    'to_be_defined ($response.nothing)',
    'to_not_be_defined ($response.missing)',
    'to_be_null ($response.nothing)',
    'to_not_be_null ($response.n)',
    'to_be_empty ($response.empty)',
    'to_throw {\n exception = "BY ZERO"\n stack {\n var $y { value = 1 / 0 }\n }\n}',
  ]
  const fails: (readonly [text: string, message: string])[] = [
    ['to_equal ($response.n) {\n value = 2\n}', 'to_equal failed - expected value 2 does not equal 5'],
    ['to_not_equal ($response.n) {\n value = "5"\n}', 'to_not_equal failed'],
    ['to_start_with ($response.text) {\n value = "lo"\n}', 'to_start_with failed'],
    ['to_end_with ($response.text) {\n value = "He"\n}', 'to_end_with failed'],
    ['to_be_greater_than ($response.n) {\n value = 5\n}', 'to_be_greater_than failed'],
    ['to_be_less_than ($response.n) {\n value = 5\n}', 'to_be_less_than failed'],
    ['to_match ($response.text) {\n value = "^x"\n}', 'to_match failed'],
    ['to_contain ($response.list) {\n value = 3\n}', 'to_contain failed'],
    ['to_be_within ($response.n) {\n min = 5\n max = 9\n}', 'to_be_within failed'],
    ['to_be_true ($response.n)', 'to_be_true failed'],
    ['to_be_false ($response.nothing)', 'to_be_false failed'],
    ['to_be_in_the_past ($response.future)', 'to_be_in_the_past failed'],
    ['to_be_in_the_future ($response.past)', 'to_be_in_the_future failed'],
    ['to_be_defined ($response.missing)', 'to_be_defined failed'],
    ['to_not_be_defined ($response.nothing)', 'to_not_be_defined failed'],
    ['to_be_null ($response.n)', 'to_be_null failed'],
    ['to_not_be_null ($response.nothing)', 'to_not_be_null failed'],
    ['to_be_empty ($response.n)', 'to_be_empty failed'],
    ['to_throw {\n stack {\n var $y { value = 1 }\n }\n}', 'to_throw failed - nothing was thrown'],
    ['to_throw {\n exception = "other"\n stack {\n var $y { value = 1 / 0 }\n }\n}', 'to_throw failed - expected other'],
  ]
  it.each(holds)('expect.%s', async (text) => expect(await stack(`${response}expect.${text}`, '1')).toBe(1))
  it.each(fails)(
    'expect.%s fails',
    async (text, message) =>
      await expect(stack(`${response}expect.${text}`, '1')).rejects.toMatchObject({
        errorName: 'ExpectationFailed',
        message: expect.stringContaining(message),
      }),
  )
})
