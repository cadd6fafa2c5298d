import { describe, expect, it } from 'vitest'
import { createRun, run, stack } from './harness.js'

const recursive = `function "down" {
  input {
    int n
  }
  stack {
    conditional {
      if ($input.n == 0) {
        return { value = 0 }
      }
      else {
        foreach ([1]) {
          each as $once {
            function.run "down" {
              input = {n: $input.n - 1}
            } as $below
          }
        }
      }
    }
  }
  response = $below + 1
}`

describe('limits', () => {
  it('lets functions call themselves 900 deep and stops them at the limit', async () => {
    expect(await run(recursive, { n: 900 })).toBe(900)
    await expect(run(recursive, { n: 5000 })).rejects.toMatchObject({ code: 'ERROR_FATAL', message: 'Function runs are nested deeper than the limit of 1000.' })
  })

  it('never overflows the native stack, whatever the limit', async () => {
    expect(await run(recursive, { n: 20000 }, { run: createRun({ limits: { maxDepth: 30000 } }) })).toBe(20000)
  })

  it('runs ten million turns and lets others run meanwhile', async () => {
    // Processor time between two ticks: wall time would count what other processes take.
    let [worst, last] = [0, process.cpuUsage()]
    const timer = setInterval(() => {
      worst = Math.max(worst, process.cpuUsage(last).user / 1000)
      last = process.cpuUsage()
    }, 1)
    const text = 'var $x { value = 0 }\nwhile ($x < 10000000) {\n each {\n math.add $x { value = 1 }\n }\n}'
    expect(await stack(text)).toBe(10_000_000)
    clearInterval(timer)
    expect(worst).toBeLessThan(50)
  })

  it('lets others run in small nested loops and in recursion without loops', async () => {
    const fib = `function "fib" {
  input {
    int n
  }
  stack {
    conditional {
      if ($input.n < 2) {
        return { value = $input.n }
      }
    }
    function.run "fib" {
      input = {n: $input.n - 1}
    } as $a
    function.run "fib" {
      input = {n: $input.n - 2}
    } as $b
  }
  response = $a + $b
}`
    const loops =
      'var $x { value = 0 }\nfor (600) {\n each as $i {\n for (150) {\n each as $j {\n for (50) {\n each as $k {\n math.add $x { value = 1 }\n }\n }\n }\n }\n }\n}'
    for (const work of [() => run(fib, { n: 23 }), () => stack(loops)]) {
      let ticks = 0
      const timer = setInterval(() => ticks++, 1)
      await work()
      clearInterval(timer)
      expect(ticks).toBeGreaterThan(2)
    }
  })

  it('stops endless loops by steps and by time; try_catch does not hold them', async () => {
    const endless = 'while (true) {\n each {\n try_catch {\n try {\n var $x { value = 1 }\n }\n catch {\n }\n }\n }\n}'
    await expect(stack(endless, '1', { run: createRun({ limits: { maxSteps: 10_000 } }) })).rejects.toMatchObject({ errorName: 'LimitError' })
    await expect(stack(endless, '1', { run: createRun({ limits: { maxMilliseconds: 50 } }) })).rejects.toMatchObject({ errorName: 'LimitError' })
    await expect(stack('while (true) {\n each {\n }\n}', '1', { run: createRun({ limits: { maxSteps: 10_000 } }) })).rejects.toMatchObject({
      errorName: 'LimitError',
    })
  })

  it('stops values that grow without end', async () => {
    const text = 'var $x { value = "0123456789" }\nwhile (true) {\n each {\n text.append $x { value = $x }\n }\n}'
    await expect(stack(text)).rejects.toMatchObject({ code: 'ERROR_FATAL', message: 'A value became too large.' })
  })
})
