import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/lib/value.js'
import { stack } from '../runtime/harness.js'

const cases: readonly (readonly [statements: string, expected: Json])[] = [
  // variables
  ['var $x { value = 1 }\nvar $x { value = $x + 1 }', 2],
  ['var $x { value = {} }\nvar.update $x.a.b { value = 1 }', { a: { b: 1 } }],
  ['var $x { value = [1, 2] }\nvar.update $x.1 { value = 9 }\nvar.update $x[2] { value = 3 }', [1, 9, 3]],
  ['var $x { value = "5" }\nvar.update $x { value = $x ~ $x }', '55'],
  // math
  ['var $x { value = 5 }\nmath.add $x { value = "2" }', 7],
  ['var $x { value = 5 }\nmath.sub $x { value = 7 }', -2],
  ['var $x { value = 5 }\nmath.mul $x { value = 1.5 }', 7.5],
  ['var $x { value = 6 }\nmath.div $x { value = 4 }', 1.5],
  ['var $x { value = 7 }\nmath.mod $x { value = 4 }', 3],
  ['var $x { value = 6 }\nmath.bitwise.and $x { value = 3 }', 2],
  ['var $x { value = 6 }\nmath.bitwise.or $x { value = 3 }', 7],
  ['var $x { value = 6 }\nmath.bitwise.xor $x { value = 3 }', 5],
  ['var $x { value = {n: {m: 1}} }\nmath.add $x.n.m { value = 1 }', { n: { m: 2 } }],
  // text
  ['var $x { value = "a" }\ntext.append $x { value = 1 }\ntext.prepend $x { value = "<" }', '<a1'],
  ['var $x { value = null }\ntext.append $x { value = "b" }', 'b'],
  ['var $x { value = "  a b \\n" }\ntext.trim $x', 'a b'],
  ['var $x { value = "xxaxx" }\ntext.ltrim $x { value = "x" }', 'axx'],
  ['var $x { value = "xyaxy" }\ntext.rtrim $x { value = "yx" }', 'xya'],
  ['var $s { value = "Hello" }\ntext.contains $s { value = "ell" } as $x', true],
  ['var $s { value = "Hello" }\ntext.contains $s { value = "ELL" } as $x', false],
  ['var $s { value = "Hello" }\ntext.icontains $s { value = "ELL" } as $x', true],
  ['var $s { value = "Hello" }\ntext.starts_with $s { value = "He" } as $x', true],
  ['var $s { value = "Hello" }\ntext.istarts_with $s { value = "hE" } as $x', true],
  ['var $s { value = "Hello" }\ntext.ends_with $s { value = "lo" } as $x', true],
  ['var $s { value = "Hello" }\ntext.iends_with $s { value = "LO" } as $x', true],
  ['var $s { value = "Hello" }\ntext.iends_with $s { value = "no" } as $x', false],
  // object
  ['object.keys {\n value = {b: 1, "2": 2, a: 3}\n} as $x', ['b', '2', 'a']],
  ['object.values {\n value = {b: 1, a: [2]}\n} as $x', [1, [2]]],
  [
    'object.entries {\n value = {b: 1, a: 2}\n} as $x',
    [
      { key: 'b', value: 1 },
      { key: 'a', value: 2 },
    ],
  ],
  ['object.keys {\n value = null\n} as $x', []],
  // loops
  ['var $x { value = [] }\nfor (3) {\n each as $i {\n array.push $x { value = $i }\n }\n}', [0, 1, 2]],
  ['var $x { value = [] }\nfor ("2") {\n each as $i {\n array.push $x { value = $i }\n }\n}', [0, 1]],
  ['var $x { value = "none" }\nfor (0) {\n each as $i {\n var $x { value = $i }\n }\n}', 'none'],
  ['var $x { value = "none" }\nfor (-2) {\n each as $i {\n var $x { value = $i }\n }\n}', 'none'],
  ['var $x { value = [] }\nforeach ({a: 1, "0": 2}) {\n each as $v {\n array.push $x { value = $v }\n }\n}', [1, 2]],
  ['var $x { value = [] }\nforeach ((2..4)) {\n each as $v {\n array.push $x { value = $v }\n }\n}', [2, 3, 4]],
  ['var $x { value = [] }\nforeach ((3..1)) {\n each as $v {\n array.push $x { value = $v }\n }\n}', [3, 2, 1]],
  ['var $x { value = 0 }\nforeach (null) {\n each as $v {\n var $x { value = 1 }\n }\n}', 0],
  ['var $x { value = 0 }\nwhile ($x < 5) {\n each {\n math.add $x { value = 2 }\n }\n}', 6],
  ['var $x { value = [1, 2, 3] }\nwhile ($x) {\n each {\n array.pop $x\n }\n}', []],
  // branches
  [
    'conditional {\n if (false) {\n var $x { value = 1 }\n }\n elseif (0 || "0") {\n var $x { value = 2 }\n }\n elseif ("a" && [0]) {\n var $x { value = 3 }\n }\n else {\n var $x { value = 4 }\n }\n}',
    3,
  ],
  ['var $x { value = 0 }\nconditional {\n if ([]) {\n var $x { value = 1 }\n }\n}', 0],
  ['conditional {\n if (true) {\n }\n else {\n }\n}\nvar $x { value = 1 }', 1],
  ['switch (9) {\n case (1) {\n var $x { value = 1 }\n }\n default {\n var $x { value = "d" }\n }\n}', 'd'],
]

describe('statements over values', () => {
  it.each(cases)('%s', async (statements, expected) => expect(await stack(statements)).toEqual(expected))

  it('refuse wrong types', async () => {
    await expect(stack('var $x { value = "a" }\nmath.add $x { value = 1 }')).rejects.toThrow('Not numeric.')
    await expect(stack('var $x { value = 1 }\nmath.add $x { value = null }')).rejects.toThrow('Not numeric.')
    await expect(stack('var $x { value = 1 }\nmath.div $x { value = 0 }')).rejects.toThrow('Division by zero.')
    await expect(stack('for ("many") {\n each as $i {\n }\n}')).rejects.toThrow('Not numeric.')
    await expect(stack('foreach ("text") {\n each as $i {\n }\n}')).rejects.toThrow('foreach needs a list or an object, not text.')
    await expect(stack('object.keys {\n value = 5\n} as $x')).rejects.toThrow('object.keys needs an object, not int.')
    await expect(stack('math.add $nope { value = 1 }')).rejects.toThrow('Missing var entry: nope')
  })
})
