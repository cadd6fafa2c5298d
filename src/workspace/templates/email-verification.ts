/** Confirmed addresses, for tables with a column `verified_at`. */
import type { Definition } from '../../lang/tree.js'
import {
  type AccountParts,
  afterAnswer,
  challengeUnlessDone,
  checkOwnPassword,
  deviceInput,
  expiredLink,
  linkTo,
  mail,
  needsAppUrl,
  oneTimeToken,
  openSession,
  secretInput,
  useOneTimeToken,
} from './account-parts.js'
import { linkRequest } from './link-request.js'
import { parseTemplate, quote } from './template.js'

const purpose = 'verify'
const sent = '{message: "Check your mail."}'

const verificationMail = (parts: AccountParts): string => `${oneTimeToken(parts, 'known', purpose)}

              ${mail(parts, 'known', 'Confirm your address', `"Open this link within ten minutes to confirm your address: " ~ ${linkTo('verify')}`)}`

/**
 * A taken address gets the same answer as a new one, after the same work: the row is always written, and the unique index decides. The mails,
 * which differ, are sent once the answer is out.
 */
export const verifiedSignup = (parts: AccountParts, data: readonly string[]): Definition =>
  parseTemplate(`
    // Makes an account and mails a link that confirms its address. A taken address gets the same answer, and its owner a mail.
    query "auth/signup" verb=POST {
      api_group = ${parts.group}
      public = "Someone without an account has no token yet."
      input {
      }
      stack {
        ${needsAppUrl}

        var $data {
          value = {${data.join(', ')}}
        }

        var $is_new {
          value = true
        }

        try_catch {
          try {
            db.add ${parts.table} {
              data = $data
            } as $account
          }

          catch {
            conditional {
              if ($error.message|starts_with:"Duplicate record detected") {
                var.update $is_new {
                  value = false
                }
              }
              else {
                // Something else is wrong: the same again, for its own message.
                db.add ${parts.table} {
                  data = $data
                } as $account
              }
            }
          }
        }

        ${afterAnswer(
          parts,
          `conditional {
              if ($known == null) {
                return {
                  value = null
                }
              }
              elseif ($is_new || $known.${parts.verified} == null) {
              ${verificationMail(parts)}
              }
              else {
              ${mail(parts, 'known', 'You have an account already', '"Someone signed up with your address. If it was you: log in, or ask for a new password."')}
              }
            }`,
        )}
      }
      response = ${sent}
    }
  `)

/** Empty for tables without confirmed addresses. */
export const verificationEndpoints = (parts: AccountParts): Definition[] =>
  parts.verified === null ? [] : [confirm(parts, parts.verified), resend(parts, parts.verified)]

/** The link proves the mailbox, the password that it is the one who signed up: else a stranger's account would become the mailbox owner's. */
const confirm = (parts: AccountParts, verified: string): Definition =>
  parseTemplate(`
    // Confirms the address by the link of the mail and the password of the account, and logs in.
    query "auth/verify" verb=POST {
      api_group = ${parts.group}
      public = "Someone who confirms an address has no token yet."
      input {
        ${secretInput('token')}
        ${secretInput(parts.password.name)}
        ${deviceInput}
      }
      stack {
        db.transaction {
          stack {
            ${useOneTimeToken(parts, purpose)}

            ${checkOwnPassword(parts, '$used.id', parts.password.name)}

            // A wrong password undoes the transaction: the link is still good.
            precondition ($matches) {
              error_type = "accessdenied"
              error = ${quote(expiredLink)}
            }

            db.edit ${parts.table} {
              field_name = "id"
              field_value = $used.id
              data = {${quote(verified)}: now}
            } as $changed

            security.revoke_tokens {
              table = ${parts.table}
              id = $used.id
            }
          }
        }

        ${challengeUnlessDone(parts, '$used.id')}

        ${openSession(parts, '$used.id')}
      }
      response = $session
    }
  `)

const resend = (parts: AccountParts, verified: string): Definition =>
  linkRequest(parts, {
    path: 'auth/verify/resend',
    summary: 'Mails the link again.',
    reason: 'Someone who confirms an address has no token yet.',
    mail: verificationMail(parts),
    condition: `($known|get:${quote(verified)}:null) == null`,
    answer: sent,
  })
