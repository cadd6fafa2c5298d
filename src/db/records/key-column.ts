/** The column that `field_name` names. */
import { fatal } from '../../errors.js'
import { literalValue } from '../../fields/literal.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Frame } from '../../runtime/frame.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import type { CompileContext } from './arguments.js'

/** The column a statement looks up. A name computed at run time is looked for among the columns then. */
export function keyColumn(context: CompileContext, info: TableInfo): (frame: Frame) => ColumnInfo {
  const expr = context.request.args.get('field_name')
  if (expr === undefined) {
    const { primary } = info
    return () => primary
  }
  const written = literalValue(expr)
  if (written !== undefined) {
    const column = findKey(info, String(written))
    return () => column
  }
  const evaluate = context.request.compileValue(expr)
  return (frame) => findKey(info, String(evaluate(frame)))
}

function findKey(info: TableInfo, name: string): ColumnInfo {
  const column = info.byName.get(name)
  if (column === undefined)
    throw fatal(`Table "${info.model.name}" has no column "${name}".`, { hint: didYouMean(name, info.byName.keys()) ?? 'Use the name of a column.' })
  return column
}
