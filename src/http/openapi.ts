/** The OpenAPI 3.1 document of one API group, from its definitions. */
import { toOpenApi } from '../fields/inputs.js'
import type { Field } from '../lang/tree.js'
import type { Json } from '../lib/value.js'
import type { EndpointSnapshot, GroupSnapshot } from '../workspace/snapshot.js'

type Document = { [key: string]: Json }

const documents = new WeakMap<GroupSnapshot, Map<string, string>>()

/** The document as JSON text; made once per snapshot. `address` is the public URL of the group. */
export function openApiText(group: GroupSnapshot, address: string): string {
  const made = documents.get(group) ?? new Map<string, string>()
  documents.set(group, made)
  let text = made.get(address)
  if (text === undefined) {
    text = JSON.stringify(buildOpenApi(group, address))
    made.set(address, text)
  }
  return text
}

/** Gives every operation an id that no other of the document has: generators make a function of each. */
export function operationNames(prefix = '', taken = new Set<string>()): (endpoint: EndpointSnapshot) => string {
  return ({ verb, path }) => {
    const id = [...(prefix === '' ? [] : [prefix]), verb.toLowerCase(), path].join('_').replace(/[^A-Za-z0-9]+/g, '_')
    let unique = id
    for (let n = 2; taken.has(unique); n++) unique = `${id}_${n}`
    taken.add(unique)
    return unique
  }
}

export function buildOpenApi(group: GroupSnapshot, address: string, nameOf = operationNames()): Document {
  const endpoints = group.endpoints.filter((endpoint) => endpoint.active)
  const tables = [...new Set(endpoints.flatMap((endpoint) => endpoint.auth ?? []))]
  return {
    openapi: '3.1.0',
    info: { title: group.name, description: group.description, version: '1' },
    servers: [{ url: address }],
    paths: toPaths(endpoints, nameOf),
    components: {
      schemas: { Error: errorSchema },
      responses: Object.fromEntries(
        Object.entries(failures).map(([status, description]) => [
          status,
          { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
        ]),
      ),
      securitySchemes: Object.fromEntries(
        tables.map((table) => [
          schemeName(table),
          { type: 'http', scheme: 'bearer', bearerFormat: 'JWE', description: `A token issued for a row of ${table}.` },
        ]),
      ),
    },
  }
}

const errorSchema: Json = {
  type: 'object',
  properties: { code: { type: 'string' }, message: { type: 'string' }, payload: {} },
  required: ['code', 'message', 'payload'],
}
const failures = {
  '400': 'Input Error',
  '401': 'Unauthorized',
  '403': 'Access Denied',
  '404': 'Not Found',
  '429': 'Too Many Requests',
  '500': 'Unexpected Error',
} as const

const schemeName = (table: string): string => table.replace(/[^A-Za-z0-9._-]/g, '_')

function toPaths(endpoints: readonly EndpointSnapshot[], nameOf: (endpoint: EndpointSnapshot) => string): Document {
  const paths: { [path: string]: Document } = {}
  for (const endpoint of endpoints) {
    const path = `/${endpoint.path}`
    const item = paths[path] ?? {}
    item[endpoint.verb.toLowerCase()] = { operationId: nameOf(endpoint), ...toOperation(endpoint) }
    paths[path] = item
  }
  return paths
}

function toOperation(endpoint: EndpointSnapshot): Document {
  const { definition, verb, path } = endpoint
  const inPath = new Set([...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? ''))
  const inputs = definition.input ?? []
  const rest = inputs.filter((field) => !inPath.has(field.name))
  const bodied = verb !== 'GET' && verb !== 'HEAD' && verb !== 'DELETE'
  const description = definition.description ?? ''
  return {
    summary: description.split('\n')[0] ?? '',
    ...(description.includes('\n') ? { description } : {}),
    parameters: [...[...inPath].map((name) => toPathParameter(name, inputs)), ...(bodied ? [] : rest.map(toQueryParameter))],
    ...(bodied && rest.length > 0 ? { requestBody: toRequestBody(rest) } : {}),
    responses: {
      '200': { description: 'Success', content: { 'application/json': { schema: {} } } },
      ...Object.fromEntries(failuresOf(endpoint).map((status) => [status, { $ref: `#/components/responses/${status}` }])),
    },
    security: endpoint.auth === null ? [] : [{ [schemeName(endpoint.auth)]: [] }],
  }
}

const failuresOf = (endpoint: EndpointSnapshot): string[] => Object.keys(failures).filter((status) => status !== '401' || endpoint.auth !== null)

const schemaOf = (field: Field): Json => (toOpenApi([field])['properties'] as Document)[field.name] ?? {}
const isRequired = (field: Field): boolean => field.optional !== true && field.default === undefined

function toPathParameter(name: string, inputs: readonly Field[]): Json {
  const field = inputs.find((candidate) => candidate.name === name)
  return { name, in: 'path', required: true, schema: field === undefined ? { type: 'string' } : schemaOf(field) }
}

/** Lists repeat `name[]`; objects are `name[member]`. */
function toQueryParameter(field: Field): Json {
  const schema = schemaOf(field)
  const type = (schema as Document)['type']
  const nested = field.type === 'json' || type === 'object'
  if (type === 'array') return { name: `${field.name}[]`, in: 'query', required: isRequired(field), style: 'form', explode: true, schema }
  return { name: field.name, in: 'query', required: isRequired(field), ...(nested ? { style: 'deepObject', explode: true } : {}), schema }
}

function toRequestBody(fields: readonly Field[]): Json {
  const type = fields.some((field) => field.type === 'file') ? 'multipart/form-data' : 'application/json'
  return { required: fields.some(isRequired), content: { [type]: { schema: toOpenApi(fields) } } }
}
