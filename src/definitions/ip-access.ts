/** `security = {allow_ips: ["192.0.2.0/24"], deny_ips: ["192.0.2.66"]}` of a workspace or an API group: who may reach its endpoints. */
import type { Definition } from '../lang/tree.js'
import { type IpLists, problemOfNetwork } from '../lib/ip-list.js'
import { type AttributeReader, findAttribute, readAttributes } from './attributes.js'
import type { DefinitionProblem } from './problem.js'

/** Reads the lists; problems go to `reader`. */
export function readIpAccess(definition: Definition, reader: AttributeReader = readAttributes(definition)): IpLists {
  const security = reader.object('security')
  const list = (name: string): string[] => {
    const texts = security.texts(name, [])
    for (const text of texts) {
      const problem = problemOfNetwork(text)
      if (problem !== null)
        reader.fail(
          findAttribute(definition, 'security'),
          `security.${name}: ${problem}`,
          'Write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32, without leading zeros.',
        )
    }
    // Not a list at all: nobody is let in rather than everyone.
    const given = security.get(name)
    return texts.length === 0 && given !== undefined && given !== null && !(Array.isArray(given) && given.length === 0) ? [''] : texts
  }
  return { allow: list('allow_ips'), deny: list('deny_ips') }
}

/** What is wrong with the security settings of a workspace. */
export function workspaceProblems(definition: Definition): DefinitionProblem[] {
  const reader = readAttributes(definition)
  readIpAccess(definition, reader)
  return reader.problems
}
