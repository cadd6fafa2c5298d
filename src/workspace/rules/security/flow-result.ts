/** What a statement that reaches no rows leaves in its variable. */
import type { Statement } from '../../../lang/tree.js'
import type { Facts } from './flow-facts.js'
import type { State, Variable } from './flow-state.js'
import { isRow, isSecret, type Labels, labelsOf, nothing, without } from './labels.js'
import { argument } from './syntax.js'

/** Where the value of a statement owes nothing to the caller any more. */
const fresh = new Set([
  'api.request',
  'security.create_uuid',
  'security.random_number',
  'security.random_bytes',
  'security.create_secret_key',
  'redis.get',
  'util.get_env',
])

/** Statements that answer null unless the caller proved something, with the argument that proves it: what they answer is whose it is. */
const provers: Readonly<Record<string, string>> = {
  'security.use_one_time_token': 'token',
  'security.read_challenge': 'challenge',
  'security.rotate_session': 'refresh_token',
  'security.oauth_finish': 'code',
  'security.link_identity': 'identity',
}

/** The variable of `as`, given the labels of everything that went in. */
export function resultOf(statement: Statement, labels: Labels, facts: Facts, state: State): Variable {
  const { name } = statement
  if (name === 'security.check_password') return checkedPassword(statement, facts, state)
  if (name === 'util.get_all_input') return { labels: labelsOf('in:*'), whole: 'input' }
  if (name === 'util.get_raw_input' || name === 'util.get_input') return { labels: labelsOf('in:*'), whole: 'raw' }
  const secret = provers[name]
  const proof = secret === undefined ? undefined : argument(statement, secret)
  if (proof !== undefined) {
    const shown = facts.labels(proof, state)
    return { labels: shown, evidence: { ifTrue: shown, ifFalse: nothing } }
  }
  if (fresh.has(name)) return { labels: nothing }
  return { labels: name.startsWith('security.') ? without(labels, isSecret) : labels }
}

/** Whoever knows the password of a row is who it stands for. */
function checkedPassword(statement: Statement, facts: Facts, state: State): Variable {
  const hash = argument(statement, 'hash_password')
  const labels = hash === undefined ? nothing : facts.labels(hash, state)
  const proof = new Set([...labels].filter(isRow).flatMap((label) => [...facts.closure(Number(label.slice(4)))]))
  return { labels: nothing, evidence: { ifTrue: proof, ifFalse: nothing } }
}
