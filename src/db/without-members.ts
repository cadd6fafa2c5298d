/** SQL of a jsonb column without some of its members. */
import { textLiteral } from './ddl/column.js'

/** `column` is SQL; what is no object passes as it is. */
export function withoutMembers(column: string, paths: readonly string[][]): string {
  const removed = paths.map((path) => ` #- array[${path.map(textLiteral).join(', ')}]`).join('')
  return `(case when jsonb_typeof(${column}) = 'object' then ${column}${removed} else ${column} end)`
}
