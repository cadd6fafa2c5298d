/** What a statement that reaches no rows leaves in its variable. */
import type { Statement } from '../../../lang/tree.js'
import type { Facts } from './flow-facts.js'
import { secretsInSql } from './flow-sql.js'
import type { State, Variable } from './flow-state.js'
import { isRow, isSecret, type Labels, labelsOf, nothing, union, without } from './labels.js'
import { argument, textOf } from './syntax.js'

/** Where the value of a statement owes nothing to the caller any more. */
const fresh = new Set(['api.request', 'security.create_uuid', 'security.random_number', 'security.random_bytes', 'security.create_secret_key', 'redis.get'])

/** What these make of a secret still holds it. What a service answers that was given a key does not. */
const keepsSecrets = /^(?:array|object|text|math|stream)\.|^api\.lambda$|^util\.(?:template_engine|get_vars|sleep)$|^redis\.(?:set|push|unshift)$/

/** Code that signs with a key, or shows it to somebody else. */
const spends = /\b(?:createHmac|hmac|sign|fetch|axios|digest)\b/i

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
  if (name === 'util.get_env') return { labels: labelsOf('env:*') }
  if (name === 'util.get_vars') return { labels: union(labels, ...[...state.variables.values()].map((variable) => variable.labels)) }
  if (name === 'db.direct_query') return { labels: union(without(labels, isSecret), secretsInSql(statement, facts.context.tables)) }
  if (fresh.has(name)) return { labels: nothing }
  if (name === 'api.lambda' && spends.test(textOf(argument(statement, 'code')) ?? '')) return { labels: without(labels, isSecret) }
  return { labels: keepsSecrets.test(name) ? labels : without(labels, isSecret) }
}

/** Whoever knows the password of a row is who it stands for. */
function checkedPassword(statement: Statement, facts: Facts, state: State): Variable {
  const hash = argument(statement, 'hash_password')
  const labels = hash === undefined ? nothing : facts.labels(hash, state)
  const proof = new Set([...labels].filter(isRow).flatMap((label) => [...facts.closure(Number(label.slice(4)))]))
  return { labels: nothing, evidence: { ifTrue: proof, ifFalse: nothing } }
}
