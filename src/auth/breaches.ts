/**
 * Passwords known from breaches, asked of a range API (k-anonymity as Have I Been Pwned has it): five hex characters of the SHA-1 leave this
 * machine, padded answers hide how many matched. When it does not answer, the offline list alone decides, and that is logged.
 */
import { createHash } from 'node:crypto'
import type { Outbound } from '../services/outbound/http.js'
import type { PasswordService } from './passwords.js'

export interface BreachOptions {
  /** Answers below `<url>/<five hex characters>`. */
  url: string
  outbound: Pick<Outbound, 'send'>
  /** Told when the API could not be asked. */
  onFailure(error: unknown): void
}

const timeoutMs = 2_000

/** The same service, whose `judge` also asks the range API about what the policy lets pass. */
export function withBreaches(passwords: PasswordService, { url, outbound, onFailure }: BreachOptions): PasswordService {
  const base = url.replace(/\/+$/, '')
  const isBreached = async (text: string): Promise<boolean> => {
    const digest = createHash('sha1').update(text, 'utf8').digest('hex').toUpperCase()
    try {
      const answer = await outbound.send({ url: `${base}/${digest.slice(0, 5)}`, headers: { 'Add-Padding': 'true' }, timeoutMs, redirects: 0 })
      if (answer.status !== 200) throw new Error(`The range API answered ${answer.status}.`)
      return hasSuffix(answer.body.toString('latin1'), digest.slice(5))
    } catch (error) {
      onFailure(error)
      return false
    }
  }
  return {
    hash: (text) => passwords.hash(text),
    verify: (text, hash) => passwords.verify(text, hash),
    needsRehash: (hash) => passwords.needsRehash(hash),
    async judge(text, rules) {
      const problem = await passwords.judge(text, rules)
      if (problem !== null) return problem
      const forms = new Set([text, text.normalize('NFKC')])
      for (const form of forms) if (await isBreached(form)) return 'is known from a data breach. Choose another one.'
      return null
    },
    get waiting() {
      return passwords.waiting
    },
  }
}

/** Lines `SUFFIX:COUNT`; padding has the count 0. */
const hasSuffix = (body: string, suffix: string): boolean =>
  body.split(/\r?\n/).some((line) => {
    const [found = '', count = ''] = line.split(':')
    return found.toUpperCase() === suffix && Number(count) > 0
  })
