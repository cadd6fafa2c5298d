/** Plans that encrypt or decrypt a column. */
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import { countCheck, rowsHave, setDefault } from './checks.js'
import { columnDeclaration, columnLabel, columnSqlType, defaultSql, enumCheck, fillSql, isNotNull } from './column.js'
import { quote } from './names.js'
import type { Part, Place, PlanBuilder } from './plan-builder.js'
import { resealedSql } from './reseal.js'

/** Whether a change is one of these. */
export const changesSeal = (before: ColumnModel, after: ColumnModel): boolean =>
  before.encrypted !== after.encrypted || (after.encrypted === true && !isSameType(before, after))

const isSameType = (before: ColumnModel, after: ColumnModel): boolean => before.type === after.type && before.list === after.list

/** The values stay, encrypted or decrypted; those of another type only when there are none. */
export function planSeal(builder: PlanBuilder, before: ColumnModel, after: ColumnModel, table: TableModel): void {
  const details = `${columnLabel(before)} → ${columnLabel(after).slice(after.name.length + 1)}`
  if (!isSameType(before, after)) builder.add('alter_field', details, (place) => replaced(place, before, after))
  else
    builder.add(
      'alter_field',
      details,
      ({ schema, target }) => ({ reseal: { schema, table: { ...table, name: builder.table }, before, after }, sql: rewritten(target, before, after) }),
      `The values of every row are ${after.encrypted === true ? 'encrypted' : 'decrypted'}; the table is written anew, and writers wait meanwhile.`,
    )
}

function rewritten(target: string, before: ColumnModel, after: ColumnModel): string[] {
  const name = quote(after.name)
  const alter = `alter table ${target} alter column ${name}`
  const [old, check] = [enumCheck(before), enumCheck(after)]
  return [
    ...(old === null ? [] : [`alter table ${target} drop constraint if exists ${quote(old.name)}`]),
    `${alter} drop default`,
    `${alter} drop not null`,
    `${alter} type ${columnSqlType(after)} using ${resealedSql}`,
    ...(defaultSql(after) === null ? [] : [setDefault(target, after)]),
    ...(isNotNull(after) ? [`${alter} set not null`] : []),
    ...(check === null ? [] : [`alter table ${target} add constraint ${quote(check.name)} check (${check.sql})`]),
  ]
}

/** What is encrypted cannot change its type: Postgres does not see the values. */
function replaced(place: Place, before: ColumnModel, after: ColumnModel): Part {
  const name = quote(after.name)
  const needsFill = isNotNull(after) && defaultSql(after) === null
  return {
    checks: [
      countCheck(
        place,
        { ...before, sensitive: true },
        `${name} is not null`,
        (count) =>
          `${rowsHave(count)} a value of "${after.name}", which cannot change its type while it is encrypted: change the type in a push of its own, decrypted`,
      ),
    ],
    sql: [
      `alter table ${place.target} drop column ${name}`,
      `alter table ${place.target} add column ${columnDeclaration(after)}${needsFill ? ` default ${fillSql(after)}` : ''}`,
      ...(needsFill ? [setDefault(place.target, after)] : []),
    ],
  }
}
