/** List, get, create, update, delete and security of one kind of construct. A resource says what is special about it. */
import { z } from 'zod'
import { findAttribute, textAttribute } from '../../definitions/attributes.js'
import { literalOf, plainConstantOf } from '../../definitions/constant.js'
import { AppError } from '../../errors.js'
import type { Definition } from '../../lang/tree.js'
import { applyChange, type ChangeRequest } from '../../workspace/change.js'
import type { IncomingDocument } from '../../workspace/proposal.js'
import { type BranchRow, type DefinitionRow, findBranchOf, getBranch, getWorkspace, listDefinitions } from '../../workspace/store.js'
import { documentOf, scriptJson } from './definition-json.js'
import { dateText, mapPage, pageOf } from './format.js'
import { type Area, checked, type MetaCall, type MetaRoute } from './route.js'

/** What the resource sees of where it stands. */
export interface ObjectContext {
  call: MetaCall
  branch: BranchRow
  /** Every definition of the branch and the shared ones. */
  rows: readonly DefinitionRow[]
}

export interface ObjectResource {
  kind: string
  /** Path of the list below the workspace: `function`. */
  path: string
  area: Area
  /** Order of lists that ask for none. */
  sort?: 'created_at' | 'name'
  /** Reads what `toJson` tells besides the definition; before every answer. */
  prepare?(context: ObjectContext): Promise<void>
  /** Members besides the common ones. */
  toJson?(row: DefinitionRow, context: ObjectContext): object
  /** Attributes a JSON body may set besides the common ones. */
  attributes?: readonly string[]
  /** Builds the whole definition from a JSON body; the common members are set afterwards. */
  fromJson?(body: Record<string, unknown>, before: Definition | null, context: ObjectContext): Definition
  /** Only rows below the object in the path: endpoints of a group. */
  belongs?(row: DefinitionRow, context: ObjectContext): boolean
  /** Completes a document that was sent, before it is stored. */
  complete?(definition: Definition, context: ObjectContext): Definition
  /** Members `PUT …/security` sets besides the guid. */
  security?: readonly string[]
}

const commonBody = z
  .object({
    name: z.string().trim().min(1).max(200).optional(),
    description: z.string().optional(),
    docs: z.string().optional(),
    guid: z.string().min(1).max(100).optional(),
    tag: z.array(z.string()).optional(),
  })
  .loose()

export async function readContext(call: MetaCall, branch = call.branch): Promise<ObjectContext> {
  await getWorkspace(call.deps.db, call.workspaceId)
  const row = await getBranch(call.deps.db, call.workspaceId, branch)
  return { call, branch: row, rows: await listDefinitions(call.deps.db, call.workspaceId, row.id) }
}

/** The common members of every object. */
export function objectJson(resource: ObjectResource, row: DefinitionRow, context: ObjectContext): Record<string, unknown> {
  const { definition } = row
  return {
    id: row.id,
    guid: row.guid,
    name: row.name,
    description: descriptionOf(definition),
    docs: textAttribute(definition, 'docs') ?? '',
    branch: context.branch.label,
    tag: tagsOf(definition),
    created_at: dateText(row.createdAt),
    updated_at: dateText(row.updatedAt),
    ...resource.toJson?.(row, context),
    ...(context.call.flag('include_xanoscript') ? { xanoscript: scriptJson(definition, row.guid) } : {}),
  }
}

export const descriptionOf = (definition: Definition): string => definition.description ?? textAttribute(definition, 'description') ?? ''

function tagsOf(definition: Definition): unknown {
  const attribute = findAttribute(definition, 'tags')
  const tags = attribute === undefined ? [] : plainConstantOf(attribute.value)
  return Array.isArray(tags) ? tags : []
}

/** The definition with an attribute set, or removed when the value is null. */
export function withAttribute(definition: Definition, name: string, value: unknown): Definition {
  const at = definition.attributes.findIndex((attribute) => attribute.name === name)
  if (value === null || value === undefined) return { ...definition, attributes: definition.attributes.filter((attribute) => attribute.name !== name) }
  const attribute = { name, value: literalOf(value) }
  return { ...definition, attributes: at < 0 ? [...definition.attributes, attribute] : definition.attributes.with(at, attribute) }
}

const emptyDefinition = (kind: string): Definition => {
  const base: Definition = { kind, name: '', headAttributes: [], attributes: [], tests: [], groups: [] }
  return kind === 'function' || kind === 'query' ? { ...base, input: [], stack: [], response: { type: 'constant', name: 'null' } } : base
}

/** The row of the path. Throws `notFound`. */
export function findRow(resource: ObjectResource, context: ObjectContext, id: number): DefinitionRow {
  const row = context.rows.find((candidate) => candidate.id === id && candidate.kind === resource.kind && (resource.belongs?.(candidate, context) ?? true))
  // An id names its branch by itself: the branch of the query only says where new ones go.
  if (row === undefined) throw new AppError('notFound', `There is no ${resource.kind.replaceAll('_', ' ')} with the id ${id}.`)
  return row
}

/** The context of the branch an object lives in, when the query names no branch. */
export async function contextOf(call: MetaCall, id: number): Promise<ObjectContext> {
  if (call.branch !== null) return readContext(call)
  return readContext(call, (await findBranchOf(call.deps.db, call.workspaceId, id)) ?? null)
}

/** The document to store for a body. */
export function incomingOf(resource: ObjectResource, context: ObjectContext, row: DefinitionRow | null): IncomingDocument {
  const document = documentOf(context.call, resource.kind) ?? { definition: fromJson(resource, context, row), source: null }
  const complete = resource.complete?.(document.definition, context) ?? document.definition
  return { ...document, definition: complete, ...(row === null ? { isNew: true } : { rowId: row.id }) }
}

function fromJson(resource: ObjectResource, context: ObjectContext, row: DefinitionRow | null): Definition {
  const value = context.call.body.kind === 'json' ? context.call.body.value : {}
  const body = checked(commonBody, value)
  if (row === null && body.name === undefined) throw new AppError('input', 'Missing param: name', { payload: { param: 'name' } })
  const before = row?.definition ?? null
  let definition = resource.fromJson?.(body, before, context) ?? before ?? emptyDefinition(resource.kind)
  if (body.name !== undefined) definition = { ...definition, name: body.name }
  if (body.description !== undefined) {
    const { description: _old, ...rest } = definition
    definition = body.description === '' ? rest : { ...rest, description: body.description }
  }
  if (body.docs !== undefined) definition = withAttribute(definition, 'docs', body.docs === '' ? null : body.docs)
  if (body.tag !== undefined) definition = withAttribute(definition, 'tags', body.tag.length === 0 ? null : body.tag)
  if (body.guid !== undefined) definition = withAttribute(definition, 'guid', body.guid)
  for (const name of resource.attributes ?? []) if (body[name] !== undefined) definition = withAttribute(definition, name, body[name])
  return definition
}

/** Stores a document and answers the object it became. */
export async function saveObject(
  resource: ObjectResource,
  context: ObjectContext,
  document: IncomingDocument,
  options: Pick<ChangeRequest, 'planner'> = {},
): Promise<Record<string, unknown>> {
  const { call, branch } = context
  if (call.query('publish') === 'false')
    throw new AppError('unsupported', 'not supported yet: publish=false', { hint: 'Changes go live at once. Work in a branch to keep them apart.' })
  const { saved } = await applyChange(call.deps, {
    workspaceId: call.workspaceId,
    branch: branch.label,
    documents: [document],
    author: call.caller.name,
    ...options,
  })
  const after = await readContext(call, branch.label)
  await resource.prepare?.(after)
  return objectJson(resource, findRow(resource, after, saved[0]?.id ?? 0), after)
}

/** The six routes every object has. */
export function objectRoutes(resource: ObjectResource): MetaRoute[] {
  const path = `/workspace/:workspace_id/${resource.path}`
  const one = `${path}/:id`
  const { area } = resource
  return [
    {
      method: 'GET',
      path,
      area,
      async handle(call) {
        const context = await readContext(call)
        const rows = context.rows
          .filter((row) => row.kind === resource.kind && (resource.belongs?.(row, context) ?? true))
          .map((row) => ({ ...row, description: descriptionOf(row.definition) }))
        await resource.prepare?.(context)
        return mapPage(pageOf(call, rows, resource.sort), (row) => objectJson(resource, row, context))
      },
    },
    {
      method: 'POST',
      path,
      area,
      async handle(call) {
        const context = await readContext(call)
        return saveObject(resource, context, incomingOf(resource, context, null))
      },
    },
    {
      method: 'GET',
      path: one,
      area,
      async handle(call) {
        const context = await contextOf(call, call.id('id'))
        const row = findRow(resource, context, call.id('id'))
        await resource.prepare?.(context)
        return objectJson(resource, row, context)
      },
    },
    {
      method: 'PUT',
      path: one,
      area,
      async handle(call) {
        const context = await contextOf(call, call.id('id'))
        return saveObject(resource, context, incomingOf(resource, context, findRow(resource, context, call.id('id'))))
      },
    },
    {
      method: 'DELETE',
      path: one,
      area,
      async handle(call) {
        const context = await contextOf(call, call.id('id'))
        const row = findRow(resource, context, call.id('id'))
        await applyChange(call.deps, { workspaceId: call.workspaceId, branch: context.branch.label, documents: [], remove: [row.id], author: call.caller.name })
        return null
      },
    },
    {
      method: 'PUT',
      path: `${one}/security`,
      area,
      async handle(call) {
        const context = await contextOf(call, call.id('id'))
        const row = findRow(resource, context, call.id('id'))
        const body = call.json(z.object({ guid: z.string().min(1).max(100).optional() }).loose())
        let { definition } = row
        definition = withAttribute(definition, 'guid', body.guid ?? row.guid)
        for (const name of resource.security ?? []) if (body[name] !== undefined) definition = withAttribute(definition, name, body[name])
        return saveObject(resource, context, { definition, source: null, rowId: row.id })
      },
    },
  ]
}
