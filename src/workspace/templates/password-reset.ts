/** A forgotten password, and a changed one. */
import type { TableModel } from '../../definitions/table.js'
import type { Definition } from '../../lang/tree.js'
import {
  type AccountParts,
  accountParts,
  checkOwnPassword,
  deviceInput,
  forgetStrangers,
  linkTo,
  mail,
  needsMatch,
  oneTimeToken,
  openSession,
  passwordInput,
  secretInput,
  useOneTimeToken,
  withInputs,
} from './account-parts.js'
import { linkRequest, mailOnItsWay } from './link-request.js'
import { parseTemplate, quote } from './template.js'

const purpose = 'reset'

export function passwordResetEndpoints(table: TableModel, group: string): Definition[] {
  const parts = accountParts(table, group)
  return [forgot(parts), withInputs(reset(parts), passwordInput(parts)), withInputs(change(parts), passwordInput(parts))]
}

const forgot = (parts: AccountParts): Definition =>
  linkRequest(parts, {
    path: 'auth/password/forgot',
    summary: 'Mails a link with which a new password can be set.',
    reason: 'Someone who forgot the password has no token.',
    mail: `${oneTimeToken(parts, 'known', purpose)}

              ${mail(parts, 'known', 'Set a new password', `"Open this link within ten minutes to set a new password: " ~ ${linkTo('reset-password')} ~ " If you did not ask for it, do nothing."`)}`,
    answer: mailOnItsWay,
  })

/** The transaction is undone when the password is refused: the link is still good then. */
const reset = (parts: AccountParts): Definition =>
  parseTemplate(`
    // Sets a new password by the link of the mail. Every token and session of the account ends.
    query "auth/password/reset" verb=POST {
      api_group = ${parts.group}
      public = "The link proves who asks."
      input {
        ${secretInput('token')}
      }
      stack {
        db.transaction {
          stack {
            ${useOneTimeToken(parts, purpose)}
            ${wipe(parts)}
            db.edit ${parts.table} {
              field_name = "id"
              field_value = $used.id
              data = {${quote(parts.password.name)}: $input.${parts.password.name}${parts.verified === null ? '' : `, ${quote(parts.verified)}: now`}}
            } as $changed

            security.revoke_tokens {
              table = ${parts.table}
              id = $used.id
            }
          }
        }
      }
      response = {message: "The password was changed. Log in with the new one."}
    }
  `)

/** Without confirmed addresses nobody knows who linked what: other providers have to be linked again. */
function wipe({ table, verified, ...parts }: AccountParts): string {
  if (verified === null)
    return `
            security.unlink_identities {
              table = ${table}
              id = $used.id
            }
`
  return `
            db.get ${table} {
              field_name = "id"
              field_value = $used.id
              output = ["id", ${quote(verified)}]
            } as $account

            conditional {
              if (($account|get:${quote(verified)}:null) == null) {
            ${forgetStrangers({ table, verified, ...parts }, '$used.id')}
              }
            }
`
}

const change = (parts: AccountParts): Definition =>
  parseTemplate(`
    // Sets a new password. Every other session ends; the caller goes on with the tokens of the answer.
    query "auth/password/change" verb=POST {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
        ${secretInput(`current_${parts.password.name}`)}
        ${deviceInput}
      }
      stack {
        // Of two changes at once from one password the later one finds that it is the password no more.
        db.transaction {
          stack {
            ${checkOwnPassword(parts, '$auth.id', `current_${parts.password.name}`, { lock: true })}

            ${needsMatch()}

            db.edit ${parts.table} {
              field_name = "id"
              field_value = $auth.id
              data = {${quote(parts.password.name)}: $input.${parts.password.name}}
            } as $changed
          }
        }

        ${openSession(parts, '$auth.id')}
      }
      response = $session
    }
  `)
