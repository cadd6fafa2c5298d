/** Endpoints with which anyone asks for the link of a mail: the answer is the same for every address, and comes after the same work. */
import type { Definition } from '../../lang/tree.js'
import { type AccountParts, afterAnswer, identifierInput, needsAppUrl, withInputs } from './account-parts.js'
import { parseTemplate, quote } from './template.js'

export interface LinkRequest {
  path: string
  /** Its description. */
  summary: string
  /** Why it is public. */
  reason: string
  /** Statements that mail to `$known`. */
  mail: string
  /** What else must hold of `$known`. */
  condition?: string
  answer: string
}

/** The answer to everybody. */
export const mailOnItsWay = '{message: "If there is an account with this address, a mail is on its way."}'

export const linkRequest = (parts: AccountParts, { path, summary, reason, mail, condition, answer }: LinkRequest): Definition =>
  withInputs(
    parseTemplate(`
    // ${summary} The answer is the same for every address.
    query ${quote(path)} verb=POST {
      api_group = ${parts.group}
      public = ${quote(reason)}
      input {
      }
      stack {
        ${needsAppUrl}

        ${afterAnswer(
          parts,
          `conditional {
              if ($known != null${condition === undefined ? '' : ` && ${condition}`}) {
              ${mail}
              }
            }`,
        )}
      }
      response = ${answer}
    }
  `),
    identifierInput(parts),
  )
