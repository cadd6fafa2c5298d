/** Signup, login and "me" for any table with auth enabled, as ordinary XanoScript that the builder then edits. */
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import type { Definition } from '../../lang/tree.js'
import { type AccountParts, accountParts, challengeUnlessDone, identifierInput, needsMatch, passwordInput, secretInput, withInputs } from './account-parts.js'
import { verificationEndpoints, verifiedSignup } from './email-verification.js'
import { inputOf, parseTemplate, quote } from './template.js'

/** Columns that a stranger must not set on signup. */
const privileged =
  /^(id|created_at|updated_at|role|roles|permissions?|scopes?|is_.*|.*_id|admin|active|enabled|disabled|verified|verified_at|.*_verified_at|status|plan|credits?|balance)$/i

export interface AuthenticationOptions {
  table: TableModel
  /** Name of the API group the endpoints go into. */
  group: string
  /** Lifetime of the tokens in seconds. */
  expiration?: number
}

/** Three endpoints, and two more when the table has a column `verified_at`: addresses are confirmed then. Throws `badRequest` for a table without auth, e-mail or password. */
export function authenticationEndpoints({ table, group, expiration = 86_400 }: AuthenticationOptions): Definition[] {
  const parts = accountParts(table, group)
  const inputs = table.columns
    .filter((column) => isSignupColumn(column, parts))
    .map((column) => (column === parts.password ? passwordInput(parts) : inputOf(column)))
  const data = inputs.map(({ name }) => `${quote(name)}: $input.${name}`)
  const made = parts.verified === null ? signup(parts, data, expiration) : verifiedSignup(parts, data)
  return [withInputs(made, ...inputs), withInputs(login(parts, expiration), identifierInput(parts)), me(parts), ...verificationEndpoints(parts)]
}

function isSignupColumn(column: ColumnModel, { identifier, password }: AccountParts): boolean {
  if (column === identifier || column === password) return true
  return !privileged.test(column.name) && column.access === 'public' && (column.name === 'name' || (column.required && !column.nullable))
}

/** That the address is new is for the unique index to say: of several who sign up at once, one gets the account. */
const signup = (parts: AccountParts, data: readonly string[], expiration: number): Definition =>
  parseTemplate(`
    // Makes an account and answers a token for it.
    query "auth/signup" verb=POST {
      api_group = ${parts.group}
      public = "Someone without an account has no token yet."
      input {
      }
      stack {
        var $data {
          value = {${data.join(', ')}}
        }

        try_catch {
          try {
            db.add ${parts.table} {
              data = $data
            } as $account
          }

          catch {
            precondition (!($error.message|starts_with:"Duplicate record detected")) {
              error_type = "accessdenied"
              error = "This account cannot be created."
            }

            // Something else is wrong: the same again, for its own message.
            db.add ${parts.table} {
              data = $data
            } as $account
          }
        }

        ${tokenStatement(parts, expiration)}
      }
      response = {authToken: $authToken}
    }
  `)

/** An unknown e-mail costs the same password check and gets the same answer as a wrong password. */
const login = (parts: AccountParts, expiration: number): Definition =>
  parseTemplate(`
    // Checks e-mail and password and answers a token, or a challenge for who has a second factor. Who has no account gets the same answer, after the same work.
    query "auth/login" verb=POST {
      api_group = ${parts.group}
      public = "Someone who logs in has no token yet."
      input {
        ${secretInput(parts.password.name)}
      }
      stack {
        ${checkPassword(parts)}

        ${challengeUnlessDone(parts, '$account.id')}

        ${tokenStatement(parts, expiration)}
      }
      response = {authToken: $authToken}
    }
  `)

/** The row of an e-mail and its password, or the one answer to everything else. */
export function checkPassword({ table, identifier, password, verified }: AccountParts): string {
  const isVerified = verified === null ? '' : ` && ($account|get:${quote(verified)}:null) != null`
  return `db.get ${table} {
          field_name = ${quote(identifier.name)}
          field_value = $input.${identifier.name}
          output = ["id", ${quote(password.name)}${verified === null ? '' : `, ${quote(verified)}`}]
        } as $account

        security.check_password {
          text_password = $input.${password.name}
          hash_password = $account|get:${quote(password.name)}:""
        } as $matches

        ${needsMatch(isVerified)}`
}

const me = (parts: AccountParts): Definition =>
  parseTemplate(`
    // The account the token belongs to.
    query "auth/me" verb=GET {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
      }
      stack {
        db.get ${parts.table} {
          field_name = "id"
          field_value = $auth.id
        } as $account

        precondition ($account != null) {
          error_type = "unauthorized"
          error = "Unauthorized"
        }
      }
      response = $account
    }
  `)

const tokenStatement = (parts: AccountParts, expiration: number): string => `security.create_auth_token {
          table = ${parts.table}
          id = $account.id
          extras = {}
          expiration = ${expiration}
        } as $authToken`
