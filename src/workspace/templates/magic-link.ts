/** Login by a link in a mail. */
import type { TableModel } from '../../definitions/table.js'
import type { Definition } from '../../lang/tree.js'
import {
  type AccountParts,
  accountParts,
  challengeUnlessDone,
  deviceInput,
  forgetStrangers,
  linkTo,
  mail,
  oneTimeToken,
  openSession,
  secretInput,
  unknownPassword,
  useOneTimeToken,
} from './account-parts.js'
import { linkRequest, mailOnItsWay } from './link-request.js'
import { parseTemplate, quote } from './template.js'

const purpose = 'magic'

export function magicLinkEndpoints(table: TableModel, group: string): Definition[] {
  const parts = accountParts(table, group)
  return [request(parts), login(parts)]
}

const request = (parts: AccountParts): Definition =>
  linkRequest(parts, {
    path: 'auth/magic/request',
    summary: 'Mails a link that logs in.',
    reason: 'Someone who logs in has no token yet.',
    mail: `${oneTimeToken(parts, 'known', purpose)}

              ${mail(parts, 'known', 'Your login link', `"Open this link within ten minutes to log in: " ~ ${linkTo('login')}`)}`,
    answer: mailOnItsWay,
  })

const login = (parts: AccountParts): Definition =>
  parseTemplate(`
    // Logs in by the link of the mail.
    query "auth/magic/login" verb=POST {
      api_group = ${parts.group}
      public = "The link proves who asks."
      input {
        ${secretInput('token')}
        ${deviceInput}
      }
      stack {
        ${useOneTimeToken(parts, purpose)}
        ${parts.verified === null ? '' : claim(parts, parts.verified)}
        ${challengeUnlessDone(parts, '$used.id')}

        ${openSession(parts, '$used.id')}
      }
      response = $session
    }
  `)

/** The first proof of the mailbox: whoever signed up before without it loses the password, and all that came with it. */
const claim = (parts: AccountParts, verified: string): string => `
        db.get ${parts.table} {
          field_name = "id"
          field_value = $used.id
          output = ["id", ${quote(verified)}]
        } as $account

        conditional {
          if (($account|get:${quote(verified)}:null) == null) {
            ${forgetStrangers(parts, '$used.id')}

            ${unknownPassword}

            db.edit ${parts.table} {
              field_name = "id"
              field_value = $used.id
              data = {${quote(parts.password.name)}: $unknown_password, ${quote(verified)}: now}
            } as $changed
          }
        }
`
