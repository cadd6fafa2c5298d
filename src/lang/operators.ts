/** Binary operators and how tightly they bind; the printer and the parser read the same table. */

/** Binding strength of each binary operator: the higher binds tighter. */
export const binaryLevels: ReadonlyMap<string, number> = new Map([
  ['*', 11],
  ['/', 11],
  ['%', 11],
  ['+', 10],
  ['-', 10],
  ['~', 9],
  ['..', 8],
  ['<', 7],
  ['<=', 7],
  ['>', 7],
  ['>=', 7],
  ['==', 6],
  ['!=', 6],
  ['===', 6],
  ['!==', 6],
  ['=', 6],
  ['@>', 6],
  ['!~', 6],
  ['in', 6],
  ['between', 6],
  ['contains', 6],
  ['like', 6],
  ['ilike', 6],
  ['includes', 6],
  ['overlaps', 6],
  ['not in', 6],
  ['not between', 6],
  ['not contains', 6],
  ['not like', 6],
  ['not ilike', 6],
  ['not includes', 6],
  ['not overlaps', 6],
  ['&&', 5],
  ['||', 4],
  ['??', 3],
  ['?:', 2],
])

/** Level of the right-associative `? :` and `?:`. */
export const ternaryLevel = 2
/** Level of comparisons and query operators. */
export const equalityLevel = 6

/** Operators written as words. */
export const wordOperators: ReadonlySet<string> = new Set(['in', 'between', 'contains', 'like', 'ilike', 'includes', 'overlaps'])

/** Operators that take a trailing `?`: skip the condition when the right side is null. */
export const takesIgnoreNull = (op: string): boolean => {
  const level = binaryLevels.get(op) ?? 0
  return level === 6 || level === 7 || op === '~'
}
