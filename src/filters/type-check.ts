/** The type check family. */
import { isBinary, isDecimal, isEmpty, isInt, isList, isObj, type Value } from '../lib/value.js'
import { defineFilter, type FilterCase, type FilterSpec, type ValueFilter } from '../runtime/define.js'

/** A filter that asks one question of any value. */
function defineTypeCheck(
  spec: { name: string; aliases?: string[]; summary: string; nullSafe?: true; cases: FilterCase[] },
  answer: (input: Value) => boolean,
): ValueFilter {
  return defineFilter({ ...spec, group: 'type_check', input: 'any', returns: 'bool', scalar: true, apply: answer })
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const typeCheckFilters: FilterSpec[] = [
  defineTypeCheck(
    {
      name: 'is_null',
      aliases: ['null'],
      summary: 'Whether the value is null.',
      nullSafe: true,
      cases: [
        ['8|is_null', 'false'],
        ['"test"|is_null', 'false'],
        ['null|is_null', 'true'],
        ['""|is_null', 'false'],
      ],
    },
    (value) => value === null,
  ),
  defineTypeCheck(
    {
      name: 'is_not_null',
      summary: 'Whether the value is anything but null.',
      nullSafe: true,
      cases: [
        ['null|is_not_null', 'false'],
        ['"test"|is_not_null', 'true'],
        ['0|is_not_null', 'true'],
      ],
    },
    (value) => value !== null,
  ),
  defineTypeCheck(
    {
      name: 'is_empty',
      aliases: ['empty'],
      summary: 'Whether the value is "", null, 0, "0", false, [] or {}.',
      nullSafe: true,
      cases: [
        ['[]|is_empty', 'true'],
        ['""|is_empty', 'true'],
        ['0|is_empty', 'true'],
        ['"0"|is_empty', 'true'],
        ['{}|is_empty', 'true'],
        ['null|is_empty', 'true'],
        ['"test"|is_empty', 'false'],
        ['false|is_empty', 'true'],
        ['" "|is_empty', 'false'],
        ['[0]|is_empty', 'false'],
      ],
    },
    isEmpty,
  ),
  defineTypeCheck(
    {
      name: 'is_not_empty',
      summary: 'Whether the value is anything but empty.',
      nullSafe: true,
      cases: [
        ['"hello"|is_not_empty', 'true'],
        ['0|is_not_empty', 'false'],
        ['1|is_not_empty', 'true'],
      ],
    },
    (value) => !isEmpty(value),
  ),
  defineTypeCheck(
    {
      name: 'is_object',
      summary: 'Whether the value is an object.',
      cases: [
        ['{id:2}|is_object', 'true'],
        ['[1,2,3]|is_object', 'false'],
        ['{}|is_object', 'true'],
      ],
    },
    isObj,
  ),
  defineTypeCheck(
    {
      name: 'is_array',
      summary: 'Whether the value is a list.',
      cases: [
        ['{"key":"val"}|is_array', 'false'],
        ['"test"|is_array', 'false'],
        ['[]|is_array', 'true'],
        ['{}|is_array', 'false'],
      ],
    },
    isList,
  ),
  defineTypeCheck(
    {
      name: 'is_int',
      summary: 'Whether the value is an int.',
      cases: [
        ['123|is_int', 'true'],
        ['-9|is_int', 'true'],
        ['3.14|is_int', 'false'],
        ['5.0|is_int', 'false'],
        ['"1"|is_int', 'false'],
      ],
    },
    isInt,
  ),
  defineTypeCheck(
    {
      name: 'is_decimal',
      summary: 'Whether the value is a decimal; 5.0 is one, 5 is none.',
      cases: [
        ['3.14|is_decimal', 'true'],
        ['"1.5"|is_decimal', 'false'],
        ['5|is_decimal', 'false'],
        ['5.0|is_decimal', 'true'],
        ['(2.5 * 2)|is_decimal', 'true'],
      ],
    },
    isDecimal,
  ),
  defineTypeCheck(
    {
      name: 'is_bool',
      summary: 'Whether the value is true or false.',
      cases: [
        ['true|is_bool', 'true'],
        ['1|is_bool', 'false'],
        ['false|is_bool', 'true'],
        ['null|is_bool', 'false'],
      ],
    },
    (value) => typeof value === 'boolean',
  ),
  defineTypeCheck(
    {
      name: 'is_text',
      summary: 'Whether the value is text (or binary).',
      cases: [
        ['"213"|is_text', 'true'],
        ['true|is_text', 'false'],
        ['""|is_text', 'true'],
        ['1|is_text', 'false'],
      ],
    },
    (value) => typeof value === 'string' || isBinary(value),
  ),
  defineTypeCheck(
    {
      name: 'is_uuid',
      summary: 'Whether the value is text in the form of a UUID.',
      cases: [
        ['"550e8400-e29b-41d4-a716-446655440000"|is_uuid', 'true'],
        ['"abc"|is_uuid', 'false'],
        ['1|is_uuid', 'false'],
      ],
    },
    (value) => typeof value === 'string' && uuid.test(value),
  ),
]
