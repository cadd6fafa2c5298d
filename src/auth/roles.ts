/** What administrators may do: areas of the Metadata API, roles that open them, and scopes of tokens that narrow them again. */

/** Areas of the Metadata API. `self` is what every live token may do: ask who it is, log out. */
export const areas = [
  'self',
  'instance',
  'workspace',
  'database',
  'content',
  'api',
  'function',
  'task',
  'import',
  'export',
  'secret',
  'history',
  'audit',
  'account',
] as const

export type Area = (typeof areas)[number]
export type Access = 'read' | 'write'

export interface Permission {
  area: Area
  access: Access
}

/** Highest first: whoever has one may manage those below, and an owner other owners. */
export const roles = ['owner', 'admin', 'developer', 'auditor'] as const
export type Role = (typeof roles)[number]

/** Scopes of each role, in the spelling of tokens. */
export const roleScopes: Readonly<Record<Role, readonly string[]>> = {
  owner: ['*'],
  admin: ['*'],
  /** Builds and looks after data, row by row: nothing that takes all of it away, no secrets, no people. */
  developer: ['instance:read', 'workspace', 'database', 'content', 'api', 'function', 'task', 'import', 'history'],
  /** Sees how everything is set and what happened; neither rows nor secrets. */
  auditor: ['instance:read', 'workspace:read', 'database:read', 'api:read', 'function:read', 'task:read', 'history:read', 'audit:read', 'account:read'],
}

/** The spelling of scopes: `*`, `*:read`, an area, or an area with `:read` or `:write`. */
export const isScope = (text: string): boolean => {
  const [area = '', access, ...rest] = text.split(':')
  return rest.length === 0 && (area === '*' || (areas as readonly string[]).includes(area)) && (access === undefined || access === 'read' || access === 'write')
}

/** Whether scopes allow it. */
export const isAllowed = (scopes: readonly string[], { area, access }: Permission): boolean =>
  area === 'self' || scopes.some((scope) => scope === '*' || scope === area || scope === `${area}:${access}` || scope === `*:${access}`)

/** Whether someone may: the role must open it, and the token must not have left it out. */
export const permits = (caller: { role: Role; scopes: readonly string[] }, permission: Permission): boolean =>
  isAllowed(roleScopes[caller.role], permission) && isAllowed(caller.scopes, permission)

/** Whether everything the scopes allow is the caller's own to give. */
export const coversScopes = (caller: { role: Role; scopes: readonly string[] }, scopes: readonly string[]): boolean =>
  areas.every((area) => (['read', 'write'] as const).every((access) => !isAllowed(scopes, { area, access }) || permits(caller, { area, access })))

/** Whether someone of role `own` may make, change or remove an account of role `other`. */
export const outranks = (own: Role, other: Role): boolean => own === 'owner' || (own === 'admin' && other !== 'owner' && other !== 'admin')
