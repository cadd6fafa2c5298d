/** Filters that run JavaScript of the builder. */
import { type CodeFilter, defineFilter, type FilterArgumentSpec, type FilterCase, type FilterSpec } from '../runtime/define.js'
import { defaultTimeout } from '../runtime/javascript.js'
import { collectionOf } from './operand.js'

const group = 'lambda'
const names = '$this, $index, $parent, $var, $input, $auth and $env'
const code: FilterArgumentSpec = { name: 'code', type: 'text (JS/TS)', required: true, summary: `JavaScript that returns; it sees ${names}.` }
const timeout: FilterArgumentSpec = { name: 'timeout', type: 'int', default: defaultTimeout, summary: 'Seconds.' }

/** Runs the code once for every element of a list, or member of an object. */
const overElements = (spec: { name: string; summary: string; returns: string; args?: FilterArgumentSpec[]; cases: FilterCase[]; driver: string }): CodeFilter =>
  defineFilter({
    args: [code, timeout],
    ...spec,
    group,
    input: 'any[] or object',
    accept: (input) => void collectionOf(spec.name, input),
  })

export const lambdaFilters: FilterSpec[] = [
  defineFilter({
    name: 'lambda',
    group,
    summary: 'What JavaScript makes of the value as a whole.',
    input: 'any',
    returns: 'any',
    args: [code, timeout],
    cases: [
      ['"ab"|lambda:"return $this.toUpperCase()"', '"AB"'],
      ['{a:1,b:[2,3]}|lambda:"return $this.b.length + $this.a"', '3'],
      ['5|lambda:"const n: number = $this; return await Promise.resolve(n * 2)":3', '10'],
      ['1|lambda:"$this + 1"', 'null'],
      ['(2|lambda:"return $this * 2")|lambda:"return [$this, $index, $parent]"', '[4,0,4]'],
      ['[1,2]|map:($$|lambda:"return $this * 10")+$index', '[10,21]'],
    ],
    driver: 'return call(value, 0)',
  }),
  overElements({
    name: 'lambda_map',
    summary: 'What JavaScript gives for every element; an object keeps its keys.',
    returns: 'any[] or object',
    cases: [
      ['[1,2,3]|lambda_map:"return $this * 2"', '[2,4,6]'],
      ['["a","b"]|lambda_map:"return $index + $this + $parent.length"', '["0a2","1b2"]'],
      ['{a:1,b:2}|lambda_map:"return $index + $this"', '{a:"a1",b:"b2"}'],
      ['[3,4]|map:"return $this + 1"', '[4,5]'],
      ['[]|lambda_map:"return 1"', '[]'],
    ],
    driver: 'const out = []; for (const [key, item] of entries) out.push([key, await call(item, key)]); return rebuild(out)',
  }),
  overElements({
    name: 'lambda_filter',
    summary: 'The elements for which JavaScript returns something true; an object keeps its keys.',
    returns: 'any[] or object',
    cases: [
      ['[1,2,3,4]|lambda_filter:"return $this % 2"', '[1,3]'],
      ['{a:1,b:2}|lambda_filter:"return $this > 1"', '{b:2}'],
      ['[1,2,3]|filter:"return $this >= 2"', '[2,3]'],
    ],
    driver: 'const out = []; for (const [key, item] of entries) if (await call(item, key)) out.push([key, item]); return rebuild(out)',
  }),
  overElements({
    name: 'lambda_some',
    summary: 'Whether JavaScript returns something true for any element.',
    returns: 'bool',
    cases: [
      ['[1,2,3]|lambda_some:"return $this > 2"', 'true'],
      ['[]|lambda_some:"return true"', 'false'],
      ['[1,2,3]|some:"return $this > 3"', 'false'],
    ],
    driver: 'for (const [key, item] of entries) if (await call(item, key)) return true; return false',
  }),
  overElements({
    name: 'lambda_every',
    summary: 'Whether JavaScript returns something true for all elements.',
    returns: 'bool',
    cases: [
      ['[2,4,6]|lambda_every:"return $this % 2 === 0"', 'true'],
      ['[]|lambda_every:"return false"', 'true'],
      ['[2,3]|every:"return $this % 2 === 0"', 'false'],
    ],
    driver: 'for (const [key, item] of entries) if (!(await call(item, key))) return false; return true',
  }),
  overElements({
    name: 'lambda_find',
    summary: 'The first element for which JavaScript returns something true, else null.',
    returns: 'any or null',
    cases: [
      ['[1,2,3,8,9]|lambda_find:"return $this === 8"', '8'],
      ['[1]|lambda_find:"return false"', 'null'],
      ['[{id:1},{id:2}]|find:"return $this.id === 2"', '{id:2}'],
    ],
    driver: 'for (const [key, item] of entries) if (await call(item, key)) return item; return null',
  }),
  overElements({
    name: 'lambda_findIndex',
    summary: 'The index (or key) of the first element for which JavaScript returns something true, else -1.',
    returns: 'int',
    cases: [
      ['[1,2,3,8,9]|lambda_findIndex:"return $this === 8"', '3'],
      ['[1]|findIndex:"return false"', '-1'],
    ],
    driver: 'for (const [key, item] of entries) if (await call(item, key)) return key; return -1',
  }),
  overElements({
    name: 'lambda_reduce',
    summary: 'One value from all elements: JavaScript sees the value so far as $result. The initial value stands first, unlike in reduce.',
    returns: 'any',
    args: [
      { name: 'initial', type: 'any', required: true, summary: 'The first $result.' },
      { ...code, summary: `JavaScript that returns the next $result; it sees $result, ${names}.` },
      timeout,
    ],
    cases: [
      ['[1,10,100]|lambda_reduce:0:"return $this + $result"', '111'],
      ['[1,2,3]|lambda_reduce:[]:"return [...$result, $this + 1]"', '[2,3,4]'],
      ['[1,2]|reduce:10:"return $result + $this"', '13'],
    ],
    driver: 'let result = initial; for (const [key, item] of entries) result = await call(item, key, result); return result',
  }),
]
