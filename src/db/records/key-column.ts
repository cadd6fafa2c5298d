/** The column that `field_name` names. */
import { fatal } from '../../errors.js'
import { constantOf } from '../../lang/constant.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Frame } from '../../runtime/frame.js'
import { columnRule } from '../rules.js'
import { refuseSealed } from '../sealed.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import type { CompileContext } from './arguments.js'

/** The column a statement looks up. A name computed at run time is looked for among the columns then. */
export function keyColumn(context: CompileContext, info: TableInfo): (frame: Frame) => ColumnInfo {
  const expr = context.request.args.get('field_name')
  if (expr === undefined) {
    const { primary } = info
    return () => primary
  }
  const written = constantOf(expr)
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
  if (column.seal !== undefined) throw refuseSealed(column, info.model.name)
  if (columnRule(info.model.rules, column.name) !== undefined)
    throw fatal(`"${column.name}" of table "${info.model.name}" has a rule of its own: rows cannot be looked up by it.`, {
      hint: 'Look them up by another column.',
    })
  return column
}
