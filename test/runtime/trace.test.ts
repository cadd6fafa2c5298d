import { describe, expect, it } from 'vitest'
import type { Trace } from '../../src/runtime/trace.js'
import { createRun, run, stack } from './harness.js'

const createTrace = (limit = 100): Trace => ({ entries: [], limit, dropped: 0 })

describe('traces', () => {
  it('record every statement with line, time, and result or error', async () => {
    const trace = createTrace()
    const text =
      'var $x { value = [1] }\ndb.get "user" {\n field_name = "id"\n field_value = 1\n} as $row\nconditional {\n if (true) {\n array.push $x { value = $row }\n }\n}\nvar $y { value = 1 / 0 }'
    const records = () => async () => 'row'
    await expect(stack(text, '$x', { run: createRun({ trace }), records })).rejects.toThrow('Division by zero.')
    expect(trace.entries.map(({ statement, line, result, error }) => ({ statement, line, result, error }))).toEqual([
      { statement: 'var', line: 6, result: [1] },
      { statement: 'db.get', line: 7, result: 'row' },
      { statement: 'conditional', line: 11 },
      { statement: 'array.push', line: 13, result: [1, 'row'] },
      { statement: 'var', line: 16, error: 'Division by zero.' },
    ])
    for (const { start, duration, document } of trace.entries) {
      expect(start).toBeGreaterThanOrEqual(0)
      expect(duration).toBeGreaterThanOrEqual(0)
      expect(document).toBe('function "test"')
    }
  })

  it('are bounded', async () => {
    const trace = createTrace(10)
    expect(await stack('var $x { value = 0 }\nfor (100) {\n each as $i {\n math.add $x { value = $i }\n }\n}', '$x', { run: createRun({ trace }) })).toBe(4950)
    expect(trace.entries).toHaveLength(10)
    expect(trace.dropped).toBe(92)
  })

  it('change nothing of the result', async () => {
    const text =
      'function "f" {\n input {\n }\n stack {\n var $a { value = [] }\n foreach ([1, 2, 3]) {\n each as $n {\n array.push $a { value = $n }\n var $b { value = $a }\n }\n }\n }\n response = {a: $a, b: $b}\n}'
    expect(await run(text, {}, { run: createRun({ trace: createTrace() }) })).toEqual(await run(text))
  })
})
