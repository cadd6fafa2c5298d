/** Filters that drop members of one kind of emptiness from lists and objects. */
import { isEmpty, isList, isObj, unmarked, type Value } from '../lib/value.js'
import { defineFilter, type FilterCase, type FilterSpec, type ValueFilter } from '../runtime/define.js'
import { keepMembers, lensOf } from './array-sets.js'
import { spendList } from './bounds.js'
import { collectionOf, textOf } from './operand.js'

/** A filter that drops the members `drops` recognises. */
function defineDropFilter(name: string, what: string, cases: FilterCase[], drops: (value: Value) => boolean): ValueFilter {
  return defineFilter({
    name,
    group: 'array',
    summary: `A list or object without members that are ${what}, themselves or at a path.`,
    input: 'any[] or object',
    returns: 'any[] or object',
    args: [{ name: 'path', type: 'text', default: '', summary: 'What to look at in each member; the member itself when empty.' }],
    cases,
    apply(input, args, context) {
      const collection = collectionOf(name, input)
      const lens = lensOf(textOf(name, args[0] ?? null, 'path'))
      spendList(context, name, isList(collection) ? collection.length : collection.size)
      return keepMembers(collection, (member) => !drops(lens(member)))
    },
  })
}

export const arrayFilterEmptyFilters: FilterSpec[] = [
  defineDropFilter(
    'filter_empty',
    'empty',
    [
      ['[1,null,"",0,"text",false]|filter_empty', '[1,"text"]'],
      ['[1,0,2,0,3]|filter_empty', '[1,2,3]'],
      ['[0,false,"test"]|filter_empty', '["test"]'],
      ['{a:"",b:0,c:1,d:[]}|filter_empty', '{c:1}'],
    ],
    isEmpty,
  ),
  defineDropFilter(
    'filter_null',
    'null',
    [
      ['[{a:1},{a:null}]|filter_null:a', '[{a:1}]'],
      ['[null,null]|filter_null', '[]'],
      ['{title:"",info:null}|filter_null', '{title:""}'],
      ['[{a:1},{b:2}]|filter_null:"a"', '[{a:1}]'],
    ],
    (value) => value === null,
  ),
  defineDropFilter(
    'filter_empty_text',
    'empty text',
    [
      ['[{a:"x"},{a:""}]|filter_empty_text:a', '[{a:"x"}]'],
      ['["a","","b",""]|filter_empty_text', '["a","b"]'],
      ['{a:"",b:null}|filter_empty_text', '{b:null}'],
    ],
    (value) => value === '',
  ),
  defineDropFilter(
    'filter_empty_array',
    'empty lists',
    [
      ['[{a:[1,2]},{a:[]}]|filter_empty_array:a', '[{a:[1,2]}]'],
      ['[[1,2],[],[3]]|filter_empty_array', '[[1,2],[3]]'],
    ],
    (value) => isList(value) && value.length === 0,
  ),
  defineDropFilter(
    'filter_empty_object',
    'empty objects',
    [
      ['[{a:{x:1}},{a:{}}]|filter_empty_object:a', '[{a:{x:1}}]'],
      ['[{a:1},{},{}]|filter_empty_object', '[{a:1}]'],
      ['[{},[]]|filter_empty_object', '[[]]'],
    ],
    (value) => isObj(value) && value.size === 0,
  ),
  defineDropFilter(
    'filter_zero',
    'the number 0',
    [
      ['[0,1,2,0]|filter_zero', '[1,2]'],
      ['[0,0]|filter_zero', '[]'],
      ['[0,"0",null]|filter_zero', '["0",null]'],
    ],
    (value) => unmarked(value) === 0,
  ),
  defineDropFilter(
    'filter_false',
    'false',
    [
      ['[true,false,true]|filter_false', '[true,true]'],
      ['[false,false]|filter_false', '[]'],
      ['[false,0,null]|filter_false', '[0,null]'],
    ],
    (value) => value === false,
  ),
]
