/** Sessions: login with a refresh token, refresh, list, end one, end all. */
import type { TableModel } from '../../definitions/table.js'
import type { Definition } from '../../lang/tree.js'
import { accountParts, challengeUnlessDone, deviceInput, identifierInput, openSession, secretInput, withInputs } from './account-parts.js'
import { checkPassword } from './authentication.js'
import { parseTemplate } from './template.js'

export function sessionEndpoints(table: TableModel, group: string): Definition[] {
  const parts = accountParts(table, group)
  const own = `table = ${parts.table}
          id = $auth.id`
  const login = parseTemplate(`
    // Checks e-mail and password and opens a session, or answers a challenge for who has a second factor.
    query "auth/session" verb=POST {
      api_group = ${parts.group}
      public = "Someone who logs in has no token yet."
      input {
        ${secretInput(parts.password.name)}
        ${deviceInput}
      }
      stack {
        ${checkPassword(parts)}

        ${challengeUnlessDone(parts, '$account.id')}

        ${openSession(parts, '$account.id')}
      }
      response = $session
    }
  `)
  return [
    withInputs(login, identifierInput(parts)),
    parseTemplate(`
    // The next tokens for a refresh token, which is good for one use. A second use ends the session: two have it then.
    query "auth/session/refresh" verb=POST {
      api_group = ${parts.group}
      public = "The refresh token proves who asks; the auth token may have expired."
      input {
        ${secretInput('refresh_token')}
      }
      stack {
        security.rotate_session {
          table = ${parts.table}
          refresh_token = $input.refresh_token
        } as $session

        precondition ($session != null) {
          error_type = "unauthorized"
          error = "Unauthorized"
        }
      }
      response = $session
    }
  `),
    parseTemplate(`
    // The open sessions of the caller.
    query "auth/sessions" verb=GET {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
      }
      stack {
        security.list_sessions {
          ${own}
        } as $sessions
      }
      response = $sessions
    }
  `),
    parseTemplate(`
    // Ends one session of the caller.
    query "auth/sessions/{session}" verb=DELETE {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
        text session filters=max:64
      }
      stack {
        security.revoke_session {
          ${own}
          session = $input.session
        } as $ended

        precondition ($ended) {
          error_type = "notfound"
          error = "Not Found."
        }
      }
      response = null
    }
  `),
    parseTemplate(`
    // Ends the session of the token.
    query "auth/logout" verb=POST {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
      }
      stack {
        security.revoke_session {
          ${own}
        } as $ended
      }
      response = {ended: $ended}
    }
  `),
    parseTemplate(`
    // Ends every session and voids every token of the caller.
    query "auth/logout_everywhere" verb=POST {
      api_group = ${parts.group}
      auth = ${parts.table}
      input {
      }
      stack {
        security.revoke_tokens {
          ${own}
        }
      }
      response = {ended: true}
    }
  `),
  ]
}
