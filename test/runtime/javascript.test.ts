/** JavaScript in stacks: where it may stand, what it sees, and what its statement does while it waits. */
import { afterAll, describe, expect, it } from 'vitest'
import { createJavaScript } from '../../src/services/javascript.js'
import { createRun, run, stack, type TestRun } from './harness.js'

const javascript = createJavaScript()
afterAll(() => javascript.close())
const withJavaScript = (change: Parameters<typeof createRun>[0] = {}): { run: TestRun } => ({ run: createRun({ javascript, ...change }) })
const on = (statements: string, response = '$x') => stack(statements, response, withJavaScript())

describe('api.lambda', () => {
  it('sees variables, inputs, the caller and the environment, as copies', async () => {
    const statements = `var $list { value = [1, {a: "é"}] }
      var $other { value = 5 }
      api.lambda {
        code = """
          $var.list.push($input.n)
          return [$var.list, $var["other"], $var.missing === undefined, $auth.id, $env.SECRET, $env.$remote_ip, Object.keys($input)]
          """
        timeout = 5
      } as $x`
    expect(await stack(statements, '[$x, $list]', { ...withJavaScript(), input: 'int n', values: { n: 7 } })).toEqual([
      [[1, { a: 'é' }, 7], 5, true, 0, 's3cret', '203.0.113.7', ['n']],
      [1, { a: 'é' }],
    ])
  })

  it.each([
    ['return $var.a + 1', 3],
    ['return await new Promise((resolve) => setTimeout(() => resolve($var.a), 5))', 2],
    ['const twice = (n: number): number => n * 2; interface Unused { a: string }; return twice($var.a as number)', 4],
    ['$var.a', null],
    ['return undefined', null],
    ['return [NaN, undefined, new Date(0), 12n, () => 1]', [null, null, '1970-01-01T00:00:00.000Z', 12, null]],
    ['return {b: 1, a: undefined, __proto__: null, ["__proto__"]: 2}', { b: 1, ['__proto__']: 2 }],
    ['const { a } = $var; return new TextDecoder().decode(new TextEncoder().encode("é" + a))', 'é2'],
    [
      'const out = []; await new Promise((done) => { const id = setInterval(() => { out.push(1); if (out.length === 3) { clearInterval(id); setTimeout(done, 20) } }, 1) }); return out',
      [1, 1, 1],
    ],
    ['const a = structuredClone({ when: new Date(5), list: new Set([1]) }); return [a.when.getTime(), a.list.size]', [5, 1]],
    ['return new Date(2026, 0, 1).toISOString()', '2026-01-01T00:00:00.000Z'],
  ])('%s', async (code, result) => {
    expect(await on(`var $a { value = 2 }\napi.lambda {\n code = ${JSON.stringify(code)}\n} as $x`)).toEqual(result)
  })

  it('runs code that is put together while the program runs', async () => {
    expect(await on('var $a { value = 2 }\nvar $op { value = "return $var.a * 21" }\napi.lambda { code = $op } as $x')).toBe(42)
  })

  it('writes console to the logs of a debug run, and nowhere else', async () => {
    const debugged = createRun({ javascript, logs: [] })
    await stack('api.lambda { code = "console.log(\'a\', {b: 1}); console.error(2)" } as $x', '$x', { run: debugged })
    expect(debugged.logs).toEqual(['a {"b":1}', '2'])
    expect(await stack('api.lambda { code = "console.log(1); return 1" } as $x', '$x', withJavaScript({ logs: null }))).toBe(1)
  })

  it.each([
    ['throw new TypeError("bad")', 'JavaScript: TypeError: bad (line 1)', ''],
    ['let a = null\nreturn a.b', "JavaScript: TypeError: cannot read property 'b' of null (line 2)", ''],
    ['throw "plain"', 'JavaScript: Error: plain', ''],
    ['return 1 +', 'JavaScript: SyntaxError', 'Correct the code.'],
    ['return await fetch("https://example.org")', 'fetch is not defined', 'api.request'],
    ['return require("fs").readFileSync("/etc/passwd")', 'require is not defined', 'no modules, files or environment'],
    ['return (await import("node:fs")).default', 'could not load module', 'no modules, files or environment'],
    ['await new Promise(() => {})', 'waits for a promise that nothing settles', ''],
  ])('tells what is wrong with %s', async (code, message, hint) => {
    await expect(on(`api.lambda {\n code = ${JSON.stringify(code)}\n} as $x`)).rejects.toMatchObject({
      code: 'ERROR_FATAL',
      errorName: 'JavaScriptError',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
      position: { statement: 'api.lambda' },
    })
  })

  it('can be caught', async () => {
    const caught = 'try_catch {\n try {\n api.lambda { code = "throw new Error(1)" } as $x\n }\n catch {\n var $x { value = $error.name }\n }\n}'
    expect(await on(caught)).toBe('JavaScriptError')
  })

  it('stops at its timeout, and at the limit of the run', async () => {
    await expect(on('api.lambda {\n code = "for (;;) {}"\n timeout = 1\n} as $x')).rejects.toMatchObject({ message: 'JavaScript: It takes longer than 1 s.' })
    await expect(stack('api.lambda { code = "for (;;) await 0" } as $x', '$x', withJavaScript({ limits: { maxMilliseconds: 400 } }))).rejects.toMatchObject({
      message: expect.stringContaining('takes longer than 0.'),
    })
  })

  it('says when it is switched off', async () => {
    await expect(stack('api.lambda { code = "return 1" } as $x')).rejects.toMatchObject({ hint: expect.stringContaining('STACKHOLD_JAVASCRIPT_PROCESSES') })
  })

  it('is answered by the mock of a test, without running', async () => {
    const text = 'api.lambda {\n code = "throw 1"\n mock = {"t": 5}\n} as $x'
    expect(await stack(text, '$x', { run: createRun({ test: 't' }) })).toBe(5)
  })
})

describe('expressions with JavaScript', () => {
  const double = '|lambda:"return $this * 2"'

  it.each<[string, string, unknown]>([
    ['an argument', `var $x { value = 2${double} }`, 4],
    ['part of an expression', `var $x { value = {a: [1, (2${double}) + 3], b: 4${double}} }`, { a: [1, 7], b: 8 }],
    ['a filter after it', `var $x { value = [1,2]|lambda_map:"return [$this]"|flatten|sum }`, 3],
    ['inside an element expression', `var $x { value = [1,2,3]|map:($$${double})+$index }`, [2, 5, 8]],
    ['a branch that is taken', `var $n { value = 3 }\nvar $x { value = $n == null ? 0 : ($n|lambda:"return $this + 1") }`, 4],
    ['a branch that is not', `var $n { value = null }\nvar $x { value = $n == null ? 0 : ($n|lambda:"return $this.length") }`, 0],
    ['behind &&', `var $n { value = null }\nvar $x { value = $n != null && ($n|lambda:"return $this.length") }`, false],
    ['one call for the answer of another', `var $x { value = 1${double}${double}${double} }`, 8],
    ['filters on a result', `var $n { value = 5 }\nmath.add $n { value = 1${double} }\nvar $x { value = $n }`, 7],
    ['filters after as', `api.lambda { code = "return [1,2]" } as $x|lambda_map:"return $this * 2"`, [2, 4]],
    ['a list changed in place', `var $x { value = [1] }\nvar $x { value = $x|push:(2${double}) }\narray.push $x { value = 3${double} }`, [1, 4, 6]],
    ['return', `return { value = 3${double} }`, 6],
    ['a precondition', `var $x { value = 1 }\nprecondition (2|lambda:"return $this > 1")`, 1],
    [
      'a loop over it',
      `var $x { value = 0 }\nforeach ([1,2]|lambda_map:"return $this * 10") {\n each as $n {\n math.add $x { value = $n${double} }\n }\n}`,
      60,
    ],
    ['for', `var $x { value = 0 }\nfor (1${double}) {\n each as $i {\n math.add $x { value = 1 }\n }\n}`, 2],
    ['while', `var $x { value = 0 }\nwhile ($x|lambda:"return $this < 3") {\n each {\n math.add $x { value = 1 }\n }\n}`, 3],
    [
      'while with break',
      `var $x { value = 0 }\nwhile (1|lambda:"return true") {\n each {\n math.add $x { value = 1 }\n conditional {\n if ($x > 4) {\n break\n }\n }\n }\n}`,
      5,
    ],
    [
      'conditional',
      `var $n { value = 2 }\nconditional {\n if ($n|lambda:"return $this === 1") {\n var $x { value = "a" }\n }\n elseif ($n|lambda:"return $this === 2") {\n var $x { value = "b" }\n }\n elseif ("never"|lambda:"throw 1") {\n }\n else {\n var $x { value = "c" }\n }\n}`,
      'b',
    ],
    [
      'switch',
      `switch (1${double}) {\n case (1) {\n var $x { value = "a" }\n } break\n case (1${double}) {\n var $x { value = "b" }\n } break\n case ("never"|lambda:"throw 1") {\n }\n default {\n var $x { value = "c" }\n }\n}`,
      'b',
    ],
    ['array.filter', `var $n { value = [1,2,3,4] }\narray.filter $n if ($this|lambda:"return $this % 2 === 0") as $x`, [2, 4]],
    ['array.map', `array.map ([1,2]) {\n by = $this${double}\n} as $x`, [2, 4]],
    [
      'the older form',
      `var $x { value = [[1,2]|map:"return $this * 2", [1,2]|filter:"return $this > 1", [1,2]|reduce:5:"return $result + $this"] }`,
      [[2, 4], [2], 8],
    ],
    ['variables', `var $k { value = 10 }\nvar $x { value = [1,2]|lambda_map:"return $this * $var.k + $parent.length" }`, [12, 22]],
  ])('%s', async (_, statements, result) => {
    expect(await on(statements)).toEqual(result)
  })

  it('may be the response', async () => {
    expect(await on('var $a { value = 4 }', '{r: $a|lambda:"return $this + $var.a"}')).toEqual({ r: 8 })
    await expect(on('var $a { value = 4 }', '$a|lambda:"throw new Error()"')).rejects.toMatchObject({ position: { statement: 'response' } })
  })

  it('crosses once for a whole list', async () => {
    const asked: string[] = []
    const counting = createRun({
      javascript: {
        run(request) {
          asked.push(request.bindings)
          return javascript.run(request)
        },
      },
    })
    expect(await stack('var $x { value = (1..500)|lambda_map:"return $this"|count }', '$x', { run: counting })).toBe(500)
    expect(asked).toHaveLength(1)
  })

  it('hands over only what the code names', async () => {
    const asked: string[] = []
    const watching = createRun({
      javascript: {
        async run(request) {
          asked.push(request.bindings)
          return null
        },
      },
    })
    await stack(
      'var $secret { value = "s" }\nvar $a { value = 1 }\napi.lambda { code = "return $var.a" } as $x\nvar $y { value = 2|lambda:"return $this" }',
      '$x',
      {
        run: watching,
        input: 'text password',
        values: { password: 'p' },
      },
    )
    expect(asked.map((text) => JSON.parse(text))).toEqual([{ var: { a: 1 } }, { this: 2, initial: null }])
  })

  it('lets others run while it waits, and mixes with nothing', async () => {
    const text = (n: number) =>
      `function "f" {\n input {\n }\n stack {\n var $x { value = ${n}|lambda:"await new Promise((r) => setTimeout(r, 20)); return $this" }\n }\n response = $x\n}`
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => run(text(n), {}, withJavaScript())))
    expect(answers).toEqual([1, 2, 3, 4, 5])
  })

  it('does not stand where nothing can wait', async () => {
    await expect(on('var $x { value = {items: [1]}|get:"items[$$|lambda:\\"return true\\"]" }')).rejects.toMatchObject({
      message: 'JavaScript cannot run in this place.',
    })
  })
})

describe('to_expr', () => {
  it.each<[string, unknown]>([
    ['"1+2+3+$input.score"|to_expr', 16],
    ['"$list|map:$$ + $n"|to_expr', [3, 4]],
    ['"$auth.id"|to_expr', 0],
    ['["$n * 2", "$n * 3"]|map:($$|to_expr)', [4, 6]],
    ['"{a: $list}"|to_expr|get:"a.1"', 2],
  ])('%s', async (expression, result) => {
    const statements = `var $list { value = [1,2] }\nvar $n { value = 2 }\nvar $x { value = ${expression} }`
    expect(await stack(statements, '$x', { input: 'int score', values: { score: 10 } })).toEqual(result)
  })

  it('gives a copy', async () => {
    expect(await on('var $a { value = [1] }\nvar $x { value = "$a"|to_expr }\narray.push $a { value = 2 }\narray.push $x { value = 3 }', '[$a, $x]')).toEqual([
      [1, 2],
      [1, 3],
    ])
  })

  it.each([
    ['$env.SECRET', 'cannot read $env'],
    ['1|lambda:\\"return 1\\"', 'cannot use filter "lambda"'],
    ['[1]|map:\\"return 1\\"', 'cannot use filter "map"'],
    ['\\"1\\"|to_expr', 'cannot use filter "to_expr"'],
    ['1 +', 'Invalid expression'],
    ['$missing', 'Missing var entry: missing'],
    ['$x|nope', 'Unknown filter: nope'],
  ])('refuses %s', async (text, message) => {
    await expect(on(`var $x { value = "${text}"|to_expr }`)).rejects.toMatchObject({ code: 'ERROR_FATAL', message: expect.stringContaining(message) })
  })
})
