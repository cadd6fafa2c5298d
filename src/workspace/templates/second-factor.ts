/** A second factor: codes of an authenticator app, and recovery codes. */
import type { TableModel } from '../../definitions/table.js'
import type { Definition } from '../../lang/tree.js'
import { type AccountParts, accountParts, checkOwnPassword, deviceInput, needsMatch, openSession, secretInput } from './account-parts.js'
import { parseTemplate } from './template.js'

export function secondFactorEndpoints(table: TableModel, group: string): Definition[] {
  const parts = accountParts(table, group)
  return [verify(parts), status(parts), enrol(parts), confirm(parts), disable(parts)]
}

const own = (parts: AccountParts): string => `table = ${parts.table}
          id = $auth.id`

const verify = (parts: AccountParts): Definition =>
  parseTemplate(`
    // The second step of a login: the challenge of the first one, and a code of the app or a recovery code.
    query "auth/mfa/verify" verb=POST {
      api_group = ${parts.group}
      public = "The challenge proves the password; the code is checked here."
      input {
        ${secretInput('challenge')}
        ${secretInput('code')}
        ${deviceInput}
      }
      stack {
        security.read_challenge {
          table = ${parts.table}
          challenge = $input.challenge
        } as $id

        precondition ($id != null) {
          error_type = "accessdenied"
          error = "Invalid code."
        }

        security.check_second_factor {
          table = ${parts.table}
          id = $id
          code = $input.code
        } as $matches

        precondition ($matches) {
          error_type = "accessdenied"
          error = "Invalid code."
        }

        ${openSession(parts, '$id')}
      }
      response = $session
    }
  `)

const status = (parts: AccountParts): Definition =>
  parseTemplate(`
    // Whether the caller has a second factor.
    query "auth/mfa" verb=GET {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
      }
      stack {
        security.has_second_factor {
          ${own(parts)}
        } as $enabled
      }
      response = {enabled: $enabled}
    }
  `)

/** Whoever found an open browser must not add or remove a factor. */
const passwordAgain = (parts: AccountParts): string => `${checkOwnPassword(parts, '$auth.id', parts.password.name, { further: [parts.identifier.name] })}

        ${needsMatch()}`

const enrol = (parts: AccountParts): Definition =>
  parseTemplate(`
    // A secret for an authenticator app, to be confirmed with its first code. Show the URI as a QR code.
    query "auth/mfa/enrol" verb=POST {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
        ${secretInput(parts.password.name)}
      }
      stack {
        ${passwordAgain(parts)}

        security.enrol_second_factor {
          ${own(parts)}
          issuer = $env|get:"app_name":"Stackhold"
          label = $account.${parts.identifier.name}
        } as $factor

        precondition ($factor != null) {
          error_type = "badrequest"
          error = "There is a second factor already."
        }
      }
      response = {secret: $factor.secret, uri: $factor.uri}
    }
  `)

const confirm = (parts: AccountParts): Definition =>
  parseTemplate(`
    // Puts the second factor in force. The recovery codes are shown this once.
    query "auth/mfa/confirm" verb=POST {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
        ${secretInput('code')}
      }
      stack {
        security.confirm_second_factor {
          ${own(parts)}
          code = $input.code
        } as $recovery_codes

        precondition ($recovery_codes != null) {
          error_type = "accessdenied"
          error = "Invalid code."
        }
      }
      response = {recovery_codes: $recovery_codes}
    }
  `)

const disable = (parts: AccountParts): Definition =>
  parseTemplate(`
    // Removes the second factor; asks for the password and a code.
    query "auth/mfa/disable" verb=POST {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
        ${secretInput(parts.password.name)}
        ${secretInput('code')}
      }
      stack {
        ${passwordAgain(parts)}

        security.check_second_factor {
          ${own(parts)}
          code = $input.code
        } as $is_right

        precondition ($is_right) {
          error_type = "accessdenied"
          error = "Invalid code."
        }

        security.remove_second_factor {
          ${own(parts)}
        }
      }
      response = {enabled: false}
    }
  `)
