import { describe, expect, it } from 'vitest'
import type { AppError } from '../../src/errors.js'
import { run, stack } from './harness.js'

describe('scope', () => {
  it('is one for the whole function: blocks, loops and groups open none', async () => {
    const text = `
conditional {
  if (true) {
    var $x { value = 1 }
  }
}
group {
  stack {
    var $y { value = $x + 1 }
  }
}
foreach ([5, 6]) {
  each as $item {
    var $z { value = $item }
  }
}`
    expect(await stack(text, '{x: $x, y: $y, z: $z, item: $item}')).toEqual({ x: 1, y: 2, z: 6, item: 6 })
  })

  it('hides the caller from the callee', async () => {
    const text = `
function "outer" {
  input {
    int n
    int m?=7
  }
  stack {
    var $secret { value = 1 }
    function.run "inner" {
      input = {n: $input.n}
    } as $r
  }
  response = $r
}
---
function "inner" {
  input {
    int n
    int m?=3
  }
  stack {
  }
  response = {n: $input.n, m: $input.m, secret: $secret ?? "hidden"}
}`
    expect(await run(text, { n: 5, m: 9 })).toEqual({ n: 5, m: 3, secret: 'hidden' })
  })

  it('accepts reserved words of the documents as variables', async () => {
    const text = 'var $result { value = 1 }\nvar $index { value = 2 }\nvar $output { value = 3 }\nvar $response { value = 4 }'
    expect(await stack(text, '[$result, $index, $output, $response, ([9]|map:$index ~ "-" ~ $$)]')).toEqual([1, 2, 3, 4, ['0-9']])
  })

  it('applies filters of `as`, and stores along a path', async () => {
    expect(await stack('var $o { value = {} }\narray.find [1, 5, 7] if ($this > 2) as $o.hit', '$o')).toEqual({ hit: 5 })
    expect(await stack('object.keys { value = {a: 1, b: 2} } as $x|last|to_upper')).toBe('B')
  })

  it('refuses to write what the engine fills', async () => {
    await expect(stack('var $input { value = 1 }')).rejects.toMatchObject({
      message: '`$input` is reserved and cannot be assigned.',
    } satisfies Partial<AppError>)
    await expect(stack('var $env { value = 1 }')).rejects.toThrow('reserved')
  })

  it('changes nested values by path', async () => {
    const setup = 'var $o { value = {rows: [{n: 1}, {n: 2}]} }'
    expect(await stack(`${setup}\nvar.update $o.rows.0.n { value = 9 }`, '$o')).toEqual({ rows: [{ n: 9 }, { n: 2 }] })
    expect(await stack(`${setup}\nvar.update $o.rows[1].n { value = 9 }`, '$o')).toEqual({ rows: [{ n: 1 }, { n: 9 }] })
    expect(await stack(`${setup}\nvar $i { value = 1 }\nvar.update $o.rows[$i - 1].n { value = 9 }`, '$o')).toEqual({ rows: [{ n: 9 }, { n: 2 }] })
    expect(await stack(`${setup}\nvar.update $o.new.deep { value = 1 }`, '$o.new')).toEqual({ deep: 1 })
    expect(await stack(`${setup}\nvar.update $o.rows.n { value = 0 }`, '$o.rows')).toEqual([{ n: 0 }, { n: 0 }])
    expect(await stack(`${setup}\narray.push $o.rows { value = 3 }\nmath.add $o.rows.0.n { value = 10 }`, '$o.rows')).toEqual([{ n: 11 }, { n: 2 }, 3])
    await expect(stack('var.update $nope { value = 1 }')).rejects.toThrow('Missing var entry: nope')
    await expect(stack('var $t { value = "text" }\nvar.update $t.a { value = 1 }')).rejects.toThrow('not an object')
  })
})
