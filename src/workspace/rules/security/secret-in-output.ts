/** A password, its hash or a variable of the workspace leaves with the answer. */
import type { Definition } from '../../../lang/tree.js'
import { flowOf } from './flow.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'

export const secretInOutput: SecurityRule = {
  id: 'secret-in-output',
  title: 'A secret in an answer',
  severity: 'error',
  seed: 'C13',
  kinds: ['query'],
  check(definition, context) {
    const secretInputs = secretInputsOf(definition)
    const found = new Map<string, RuleFinding>()
    const { answers, sinks } = flowOf(definition, context)
    // Headers and errors are read by the caller as well as the answer.
    const leaving = [...answers, ...sinks.filter(({ kind }) => kind === 'header' || kind === 'error')]
    for (const { labels, at } of leaving)
      for (const label of labels) {
        const what = label.startsWith('env:')
          ? `$env.${label.slice(4)}`
          : label.startsWith('secret:')
            ? label.slice(7)
            : secretInputs.has(label.slice(3)) && label.startsWith('in:')
              ? `$input.${label.slice(3)}`
              : undefined
        if (what === undefined || found.has(what)) continue
        found.set(
          what,
          findingAt(
            at ?? definition.response,
            `${what} leaves with the answer.`,
            'Answer the members that the caller needs, one by one: response = {id: $user.id, name: $user.name}.',
          ),
        )
      }
    return [...found.values()]
  },
}

const secretInputsOf = (definition: Definition): Set<string> =>
  new Set(
    (definition.input ?? []).filter((field) => field.type === 'password' || /^(?:password|passwd|pwd|secret)$/i.test(field.name)).map((field) => field.name),
  )
