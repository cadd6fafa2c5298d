/** Gives a column another name; its data, and the indexes over it, stay. */
import { z } from 'zod'
import { readTable } from '../../definitions/read-table.js'
import { withSchema } from '../../definitions/table-json.js'
import { AppError } from '../../errors.js'
import type { Field } from '../../lang/tree.js'
import { applyChange } from '../../workspace/change.js'
import type { DefinitionRow } from '../../workspace/store.js'
import type { ObjectContext } from './logic-object.js'
import type { MetaCall } from './route.js'

/** The names under which clients have been seen to send the two. */
const body = z
  .object({
    old_name: z.string().optional(),
    new_name: z.string().optional(),
    old: z.string().optional(),
    new: z.string().optional(),
    from: z.string().optional(),
    to: z.string().optional(),
    name: z.string().optional(),
  })
  .transform((given) => ({ from: given.old_name ?? given.old ?? given.from ?? given.name ?? '', to: given.new_name ?? given.new ?? given.to ?? '' }))

export async function renameColumn(
  call: MetaCall,
  { context, row, fields }: { context: ObjectContext; row: DefinitionRow; fields: readonly Field[] },
): Promise<{ name: string }> {
  const { from, to } = call.json(body)
  if (from === '' || to === '')
    throw new AppError('input', `Missing param: ${from === '' ? 'old_name' : 'new_name'}`, { payload: { param: from === '' ? 'old_name' : 'new_name' } })
  if (!fields.some((field) => field.name === from)) throw new AppError('notFound', `The table has no column "${from}".`)
  const renamed = fields.map((field) => (field.name === from ? { ...field, name: to } : field))
  const indexes = readTable(row.definition, row.id, row.guid).table.indexes.map((index) => ({
    ...index,
    fields: index.fields.map((field) => (field.name === from ? { ...field, name: to } : field)),
  }))
  await applyChange(call.deps, {
    workspaceId: call.workspaceId,
    branch: context.branch.label,
    documents: [{ definition: withSchema(row.definition, renamed, indexes), source: null, rowId: row.id }],
    columnRenames: [{ tableId: row.id, from, to }],
    author: call.caller.name,
  })
  return { name: to }
}
