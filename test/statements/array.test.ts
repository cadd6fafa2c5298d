import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/lib/value.js'
import { stack } from '../runtime/harness.js'

const setup =
  'var $l { value = [1, 2, 3, 4] }\nvar $rows { value = [{k: "a", n: 1}, {k: "b", n: 2}, {k: "a", n: 3}] }\nvar $nothing { value = null }\nvar $text { value = "no list" }\n'

const changes: readonly (readonly [statement: string, response: string, expected: Json])[] = [
  ['array.push $l { value = 5 }', '$l', [1, 2, 3, 4, 5]],
  ['array.push $l { value = [5] }', '$l', [1, 2, 3, 4, [5]]],
  ['array.push $l { value = $l }', '$l', [1, 2, 3, 4, [1, 2, 3, 4]]],
  ['array.push $nothing { value = 1 }', '$nothing', [1]],
  ['array.unshift $l { value = 0 }', '$l', [0, 1, 2, 3, 4]],
  ['array.merge $l { value = [5, 6] }', '$l', [1, 2, 3, 4, 5, 6]],
  ['array.merge $l { value = $l }', '$l', [1, 2, 3, 4, 1, 2, 3, 4]],
  ['array.merge $nothing { value = [1] }', '$nothing', [1]],
  ['array.pop $l as $x', '[$x, $l]', [4, [1, 2, 3]]],
  ['array.pop $l', '$l', [1, 2, 3]],
  ['array.shift $l as $x', '[$x, $l]', [1, [2, 3, 4]]],
  ['var $l { value = [] }\narray.pop $l as $x\narray.shift $l as $y', '[$x, $y, $l]', [null, null, []]],
  [
    'var $o { value = {deep: {list: [1]}} }\nvar $before { value = $o }\narray.push $o.deep.list { value = 2 }',
    '[$o, $before]',
    [{ deep: { list: [1, 2] } }, { deep: { list: [1] } }],
  ],
  ['array.find $l if ($this > 2) as $x', '$x', 3],
  ['array.find $l if ($$ > 9) as $x', '$x', null],
  ['array.find ($l|reverse) if (`$this < 4`) as $x', '$x', 3],
  ['array.find_index $l if ($this > 2) as $x', '$x', 2],
  ['array.find_index $l if ($this > 9) as $x', '$x', -1],
  ['array.has $l if ($this == 2) as $x', '$x', true],
  ['array.has $nothing if ($this == 2) as $x', '$x', false],
  ['array.every $l if ($this > 0) as $x', '$x', true],
  ['array.every $l if ($this > 1) as $x', '$x', false],
  ['array.filter $l if ($this % 2 == 0 && $index > 1) as $x', '$x', [4]],
  ['array.filter_count $l if ($this > 1) as $x', '$x', 3],
  ['array.partition ($l) if ($this > 2) as $x', '$x', { true: [3, 4], false: [1, 2] }],
  ['array.map ($l) {\n by = $this * $this + $index\n} as $x', '$x', [1, 5, 11, 19]],
  ['array.map ($rows) {\n by = {name: $this.k}\n} as $x', '$x', [{ name: 'a' }, { name: 'b' }, { name: 'a' }]],
  [
    'array.group_by ($rows) {\n by = $this.k\n} as $x',
    '$x',
    {
      a: [
        { k: 'a', n: 1 },
        { k: 'a', n: 3 },
      ],
      b: [{ k: 'b', n: 2 }],
    },
  ],
  ['array.union ([1, 2, 2]) {\n value = [2, 3, "3"]\n} as $x', '$x', [1, 2, 3]],
  ['array.union ($rows) {\n value = [{k: "c"}]\n by = $this.k\n} as $x', '$x', [{ k: 'a', n: 1 }, { k: 'b', n: 2 }, { k: 'c' }]],
  ['array.union ([1, 2.0, 2]) {\n value = [2, 3.0, "3", 1.0]\n} as $x', '$x', [1, 2, 3]],
  ['array.difference ([1, 2.0, 3]) {\n value = [2, 3.0]\n by = $this\n} as $x', '$x', [1]],
  ['array.difference ($l) {\n value = [2, "3"]\n by = $this\n} as $x', '$x', [1, 4]],
  ['array.difference ([{a: 1}, {a: 2}]) {\n value = [{a: 2}]\n} as $x', '$x', [{ a: 1 }]],
  ['array.intersection ($l) {\n value = [2, 9, 4]\n} as $x', '$x', [2, 4]],
]

describe('array statements', () => {
  it.each(changes)('%s', async (statement, response, expected) => expect(await stack(setup + statement, response)).toEqual(expected))

  it('refuse what is no list', async () => {
    await expect(stack(`${setup}array.push $text { value = 1 }`)).rejects.toThrow('array.push needs a list in $text, not text.')
    await expect(stack(`${setup}array.find $text if ($this > 1) as $x`)).rejects.toThrow('array.find needs a list, not text.')
    await expect(stack(`${setup}array.push $rows.k { value = 1 }`)).rejects.toThrow('place in every element')
    await expect(stack('array.push $undeclared { value = 1 }')).rejects.toThrow('Missing var entry: undeclared')
  })
})
