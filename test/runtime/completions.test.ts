import { describe, expect, it } from 'vitest'
import { run, stack } from './harness.js'

const trail = 'var $t { value = [] }'
const note = (what: string): string => `array.push $t { value = ${what} }`

describe('completions', () => {
  it('break and continue work on the innermost loop', async () => {
    const text = `${trail}
for (3) {
  each as $i {
    for (5) {
      each as $j {
        conditional {
          if ($j == 1) {
            continue
          }
          elseif ($j == 3) {
            break
          }
        }
        ${note('$i ~ "" ~ $j')}
      }
    }
  }
}`
    expect(await stack(text, '$t')).toEqual(['00', '02', '10', '12', '20', '22'])
  })

  it('break in a switch leaves the switch only; there is no fall-through', async () => {
    const text = `${trail}
foreach ([1, "2", 3, 4]) {
  each as $n {
    switch ($n) {
      case (1) {
        ${note('"one"')}
      }
      case (2) {
        ${note('"two"')}
        break
        ${note('"never"')}
      } break
      case (3) {
        continue
      }
      default {
        ${note('"other"')}
      }
    }
    ${note('$n')}
  }
}`
    expect(await stack(text, '$t')).toEqual(['one', 1, 'two', '2', 'other', 4])
  })

  it('return ends the function from anywhere and replaces the response', async () => {
    const text = `
foreach ([1, 2]) {
  each as $n {
    group {
      stack {
        conditional {
          if ($n == 2) {
            return { value = {found: $n} }
          }
        }
      }
    }
  }
}`
    expect(await stack(text, '"response"')).toEqual({ found: 2 })
    expect(await stack('return { value = 0 }', '1')).toBe(0)
    expect(await stack('', 'null')).toBeNull()
  })

  it('finally runs after a return in try and keeps its value', async () => {
    const text = `function "f" {
  input {
  }
  stack {
    function.run "g" as $x
  }
  response = $x
}
---
function "g" {
  input {
  }
  stack {
    var $log { value = [] }
    try_catch {
      try {
        array.push $log { value = "try" }
        return { value = $log }
      }
      finally {
        array.push $log { value = "finally" }
        debug.log { value = $log }
      }
    }
  }
  response = "not this"
}`
    expect(await run(text)).toEqual(['try'])
  })

  it('finally runs when catch fails, and the error goes on', async () => {
    const text = `${trail}
try_catch {
  try {
    try_catch {
      try {
        throw {
          name = "first"
          value = 1
        }
      }
      catch {
        throw {
          name = "second"
          value = $error.result + 1
        }
      }
      finally {
        ${note('"finally"')}
      }
    }
  }
  catch {
    ${note('$error.name ~ $error.result')}
  }
}`
    expect(await stack(text, '$t')).toEqual(['finally', 'second2'])
  })

  it('refuses break and continue outside a loop', async () => {
    await expect(stack('break')).rejects.toThrow('break stands outside a loop.')
    await expect(stack('continue')).rejects.toThrow('continue stands outside a loop.')
    await expect(stack('foreach.remove')).rejects.toThrow('foreach.remove stands outside')
  })

  it('removes the current element of the list that is iterated', async () => {
    const text = `var $l { value = [1, 2, 3, 4, 5] }
var $seen { value = [] }
foreach ($l) {
  each as $n {
    array.push $seen { value = $n }
    conditional {
      if ($n % 2 == 0) {
        foreach.remove
      }
    }
  }
}`
    expect(await stack(text, '{l: $l, seen: $seen}')).toEqual({ l: [1, 3, 5], seen: [1, 2, 3, 4, 5] })
    const object = `var $o { value = {box: {a: 1, b: 2}} }
foreach ($o.box) {
  each as $n {
    conditional {
      if ($n == 1) {
        remove
      }
    }
  }
}`
    expect(await stack(object, '$o')).toEqual({ box: { b: 2 } })
  })

  it('iterates a copy: changes of the list do not disturb the loop', async () => {
    const text = `var $l { value = [1, 2] }
foreach ($l) {
  each as $n {
    array.push $l { value = $n * 10 }
  }
}`
    expect(await stack(text, '$l')).toEqual([1, 2, 10, 20])
  })
})
