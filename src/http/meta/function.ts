/** Functions. */
import { describeInputs } from '../../fields/inputs.js'
import type { Definition } from '../../lang/tree.js'
import { type ObjectResource, objectRoutes } from './logic-object.js'
import type { MetaRoute } from './route.js'

/** Inputs as tools ask for them: `default` is there only when the builder gave one. */
export const inputJson = (definition: Definition): unknown[] =>
  describeInputs(definition.input ?? []).map(({ default: initial, ...input }, i) =>
    definition.input?.[i]?.default === undefined ? input : { ...input, default: initial },
  )

const resource: ObjectResource = {
  kind: 'function',
  path: 'function',
  area: 'function',
  toJson: ({ definition }) => ({ type: 'xs', input: inputJson(definition) }),
}

export const functionRoutes: readonly MetaRoute[] = objectRoutes(resource)
