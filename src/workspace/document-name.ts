/** How messages name a definition. */
import type { Identity } from '../definitions/identity.js'

/** `function "math/double"`, `query "user/{id}" GET`, `workspace`. */
export const documentName = ({ kind, name, verb }: Pick<Identity, 'kind' | 'name' | 'verb'>): string =>
  `${kind}${name === '' ? '' : ` "${name}"`}${verb === '' ? '' : ` ${verb}`}`
