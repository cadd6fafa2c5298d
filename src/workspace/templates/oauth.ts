/** Login with an OpenID Connect provider, whose settings are workspace variables. */
import type { TableModel } from '../../definitions/table.js'
import { AppError } from '../../errors.js'
import type { Definition } from '../../lang/tree.js'
import { type AccountParts, accountParts, challengeUnlessDone, deviceInput, openSession, secretInput, unknownPassword } from './account-parts.js'
import { parseTemplate, quote } from './template.js'

/** Two endpoints for a provider called `name`, such as `google`. Throws `badRequest` for a name that fits no URL. */
export function oauthEndpoints(table: TableModel, group: string, name: string): Definition[] {
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(name))
    throw new AppError('badRequest', 'The name of a provider must be a lower-case word.', { hint: 'For example google.' })
  const parts = accountParts(table, group)
  const prefix = name.toUpperCase()
  const settings = `table = ${parts.table}
          issuer = $env|get:"${prefix}_ISSUER":""
          client_id = $env|get:"${prefix}_CLIENT_ID":""
          client_secret = $env|get:"${prefix}_CLIENT_SECRET":""
          redirect_uri = $env|get:"${prefix}_REDIRECT_URI":""`
  return [start(parts, name, settings), finish(parts, name, settings)]
}

const start = (parts: AccountParts, name: string, settings: string): Definition =>
  parseTemplate(`
    // Where to send the browser. It keeps "flow_token" (sessionStorage) and brings it back with what the provider appends to the redirect.
    query "auth/${name}/start" verb=POST {
      api_group = ${parts.group}
      public = "Someone who logs in has no token yet."
      input {
      }
      stack {
        security.oauth_start {
          ${settings}
        } as $login
      }
      response = $login
    }
  `)

const finish = (parts: AccountParts, name: string, settings: string): Definition =>
  parseTemplate(`
    // Logs in with what the provider says of the caller. An account that exists is taken over only when both sides have confirmed its address.
    query "auth/${name}/finish" verb=POST {
      api_group = ${parts.group}
      public = "The provider proves who asks."
      input {
        ${secretInput('flow_token')}
        ${secretInput('state')}
        ${secretInput('code')}
        text iss?=""
        ${deviceInput}
      }
      stack {
        security.oauth_finish {
          ${settings}
          flow_token = $input.flow_token
          state = $input.state
          code = $input.code
          iss = $input.iss
        } as $identity

        precondition ($identity != null) {
          error_type = "unauthorized"
          error = "This login did not work."
        }

        var $id {
          value = $identity.id
        }

        conditional {
          if ($id == null) {
            precondition ($identity.email != null && $identity.email_verified) {
              error_type = "accessdenied"
              error = "The provider has not confirmed your address."
            }

            var $email {
              value = $identity.email|trim|to_lower
            }

            db.get ${parts.table} {
              field_name = ${quote(parts.identifier.name)}
              field_value = $email
              output = ["id"${parts.verified === null ? '' : `, ${quote(parts.verified)}`}]
            } as $account

            conditional {
              if ($account == null) {
            ${unknownPassword}

                db.add ${parts.table} {
                  data = {${newAccount(parts)}}
                } as $account
              }
              else {
                precondition (${parts.verified === null ? 'false' : `($account|get:${quote(parts.verified)}:null) != null`}) {
                  error_type = "accessdenied"
                  error = "There is an account with this address whose owner has not confirmed it. Log in another way."
                }
              }
            }

            security.link_identity {
              table = ${parts.table}
              id = $account.id
              identity = $identity
            } as $linked_id

            precondition ($linked_id != null) {
              error_type = "accessdenied"
              error = "This login belongs to another account."
            }

            var.update $id {
              value = $linked_id
            }
          }
        }

        ${challengeUnlessDone(parts, '$id')}

        ${openSession(parts, '$id')}
      }
      response = $session
    }
  `)

function newAccount({ model, identifier, password, verified }: AccountParts): string {
  const name = model.columns.some((column) => column.name === 'name' && column.type === 'text') ? ['name: $identity.name|first_notnull:""'] : []
  const when = verified === null ? [] : [`${quote(verified)}: now`]
  return [...name, `${quote(identifier.name)}: $email`, `${quote(password.name)}: $unknown_password`, ...when].join(', ')
}
