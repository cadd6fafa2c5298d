/** Signup, login and "me" for any table with auth enabled, as ordinary XanoScript that the builder then edits. */
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import { AppError } from '../../errors.js'
import type { Definition } from '../../lang/tree.js'
import { inputOf, parseTemplate, quote } from './template.js'

/** Columns that a stranger must not set on signup. */
const privileged =
  /^(id|created_at|updated_at|role|roles|permissions?|scopes?|is_.*|.*_id|admin|active|enabled|disabled|verified|status|plan|credits?|balance)$/i

export interface AuthenticationOptions {
  table: TableModel
  /** Name of the API group the endpoints go into. */
  group: string
  /** Lifetime of the tokens in seconds. */
  expiration?: number
}

/** The three endpoints. Throws `badRequest` for a table without auth, e-mail or password. */
export function authenticationEndpoints({ table, group, expiration = 86_400 }: AuthenticationOptions): Definition[] {
  if (!table.auth) throw new AppError('badRequest', `The table "${table.name}" has no auth enabled.`, { hint: 'Add auth = true to the table.' })
  const identifier = table.columns.find((column) => column.type === 'email') ?? table.columns.find((column) => column.name === 'email')
  const password = table.columns.find((column) => column.type === 'password')
  if (identifier === undefined || password === undefined)
    throw new AppError('badRequest', `The table "${table.name}" needs an email column and a password column.`, {
      hint: 'Add "email email filters=trim|lower" and "password password" to its schema.',
    })
  const parts = { table: table.name, group, expiration, identifier: identifier.name, password: password.name }
  return [
    signup(
      parts,
      table.columns.filter((column) => isSignupColumn(column, identifier, password)),
    ),
    login(parts, identifier),
    me(parts),
  ]
}

interface Parts {
  table: string
  group: string
  expiration: number
  identifier: string
  password: string
}

function isSignupColumn(column: ColumnModel, identifier: ColumnModel, password: ColumnModel): boolean {
  if (column === identifier || column === password) return true
  return !privileged.test(column.name) && column.access === 'public' && (column.name === 'name' || (column.required && !column.nullable))
}

function signup(parts: Parts, columns: readonly ColumnModel[]): Definition {
  const data = columns.map((column) => `        ${quote(column.name)}: $input.${column.name}`).join('\n')
  const definition = parseTemplate(`
    // Makes an account and answers a token for it.
    query "auth/signup" verb=POST {
      api_group = ${quote(parts.group)}
      public = "Someone without an account has no token yet."
      input {
      }
      stack {
        db.has ${quote(parts.table)} {
          field_name = ${quote(parts.identifier)}
          field_value = $input.${parts.identifier}
        } as $taken

        precondition (!$taken) {
          error_type = "accessdenied"
          error = "This account cannot be created."
        }

        db.add ${quote(parts.table)} {
          data = {
${data}
          }
        } as $account

        ${tokenStatement(parts, 'account')}
      }
      response = {authToken: $authToken}
    }
  `)
  return { ...definition, input: columns.map((column) => ({ ...inputOf(column), ...(column.type === 'password' ? { filters: [] } : {}) })) }
}

/** An unknown e-mail costs the same password check and gets the same answer as a wrong password. */
function login(parts: Parts, identifier: ColumnModel): Definition {
  const definition = parseTemplate(`
    // Checks e-mail and password and answers a token. Who has no account gets the same answer, after the same work.
    query "auth/login" verb=POST {
      api_group = ${quote(parts.group)}
      public = "Someone who logs in has no token yet."
      input {
        text ${parts.password} {
          sensitive = true
        }
      }
      stack {
        db.get ${quote(parts.table)} {
          field_name = ${quote(parts.identifier)}
          field_value = $input.${parts.identifier}
          output = ["id", ${quote(parts.password)}]
        } as $account

        security.check_password {
          text_password = $input.${parts.password}
          hash_password = $account|get:${quote(parts.password)}:""
        } as $matches

        precondition ($matches) {
          error_type = "accessdenied"
          error = "Invalid Credentials."
        }

        ${tokenStatement(parts, 'account')}
      }
      response = {authToken: $authToken}
    }
  `)
  return { ...definition, input: [inputOf(identifier), ...(definition.input ?? [])] }
}

const me = (parts: Parts): Definition =>
  parseTemplate(`
    // The account the token belongs to.
    query "auth/me" verb=GET {
      api_group = ${quote(parts.group)}
      auth = ${quote(parts.table)}
      input {
      }
      stack {
        db.get ${quote(parts.table)} {
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

const tokenStatement = (parts: Parts, row: string): string => `security.create_auth_token {
          table = ${quote(parts.table)}
          id = $${row}.id
          extras = {}
          expiration = ${parts.expiration}
        } as $authToken`
