/** `security = {challenge: {kind: "work", difficulty: 18, after: 3}}` of an endpoint: what a caller does before it runs. */
import type { Definition } from '../lang/tree.js'
import { isObj } from '../lib/value.js'
import { type AttributeReader, findAttribute, readAttributes } from './attributes.js'

export interface ChallengeModel {
  /** `work`: a proof of work, made by this server. `captcha`: a token of the verifier in the configuration. */
  kind: 'work' | 'captcha'
  /** Leading zero bits of a proof of work. */
  difficulty: number
  /** Failed calls of an address within 15 minutes that need none; 0 = it is always needed. */
  after: number
}

const standardDifficulty = 18
const [minDifficulty, maxDifficulty] = [8, 28]

/** Null when there is none; `challenge: "work"` takes the standard values. Problems go to `reader`. */
export function readChallenge(definition: Definition, reader: AttributeReader = readAttributes(definition)): ChallengeModel | null {
  const given = reader.object('security').get('challenge')
  if (given === undefined || given === null || given === false) return null
  const member = (name: string): unknown => (isObj(given) ? given.get(name) : undefined)
  const kind = typeof given === 'string' ? given : member('kind')
  const [difficulty, after] = [member('difficulty') ?? standardDifficulty, member('after') ?? 0]
  if ((kind === 'work' || kind === 'captcha') && isWithin(difficulty, minDifficulty, maxDifficulty) && isWithin(after, 0, 1_000))
    return { kind, difficulty, after }
  const hint = `Write challenge: "work", or {kind: "work", difficulty: 18, after: 3}; kind work or captcha, difficulty ${minDifficulty} to ${maxDifficulty}.`
  reader.fail(findAttribute(definition, 'security'), 'security.challenge is not a challenge.', hint)
  // Closed rather than open, should it be stored all the same.
  return { kind: 'work', difficulty: standardDifficulty, after: 0 }
}

const isWithin = (value: unknown, min: number, max: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
