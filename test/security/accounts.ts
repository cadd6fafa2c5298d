/** The accounts of a fresh instance, for the tests named after security requirements. */
import type { CallAnswer, ListeningServer } from '../helpers/running-server.js'

export const goodPassword = 'Tr0ub4dor&Violin-9'

export interface Accounts {
  /** `/api:<canonical>` of the authentication group. */
  base: string
  signUp(email: string, password?: string): Promise<CallAnswer>
  logIn(email: string, password?: string): Promise<CallAnswer>
  me(token: string | undefined): Promise<CallAnswer>
  /** Signs up and answers the token. */
  token(email: string): Promise<string>
}

export async function accountsOf(server: ListeningServer): Promise<Accounts> {
  const groups = await server.meta('GET', '/workspace/1/apigroup')
  const canonical = (groups.body.items as { name: string; canonical: string }[]).find((group) => group.name === 'authentication')?.canonical
  const base = `/api:${canonical}`
  const signUp = (email: string, password = goodPassword) => server.call('POST', `${base}/auth/signup`, { body: { email, password, name: 'N' } })
  return {
    base,
    signUp,
    logIn: (email, password = goodPassword) => server.call('POST', `${base}/auth/login`, { body: { email, password } }),
    me: (token) => server.call('GET', `${base}/auth/me`, token === undefined ? {} : { token }),
    async token(email) {
      const answer = await signUp(email)
      if (answer.status !== 200) throw new Error(answer.text)
      return answer.body.authToken as string
    },
  }
}

/** An account table and endpoints that change it, beside those of a fresh instance. */
export const memberWorkspace = `
api_group members {
  canonical = "members"
}
---
table member {
  auth = true
  schema {
    int id
    text name
    email email filters=trim|lower
    password password
    text note {
      visibility = "internal"
    }
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "email", op: "asc"}]}
  ]
}
---
query token verb=POST {
  api_group = "members"
  public = "test"
  input {
    int id
    int seconds?
    json extras?
  }
  stack {
    security.create_auth_token {
      table = "member"
      id = $input.id
      extras = $input.extras
      expiration = $input.seconds
    } as $token
  }
  response = {token: $token}
}
---
query who verb=GET {
  api_group = "members"
  auth = "member"
  input {
  }
  stack {
  }
  response = {id: $auth.id, extras: $auth.extras}
}
---
query who verb=POST {
  api_group = "members"
  auth = "member"
  input {
    json user_id?
  }
  stack {
  }
  response = {id: $auth.id, extras: $auth.extras}
}
---
query user_only verb=GET {
  api_group = "members"
  auth = "user"
  input {
  }
  stack {
  }
  response = {id: $auth.id}
}
---
query password verb=POST {
  api_group = "members"
  auth = "member"
  input {
    text password
  }
  stack {
    db.edit member {
      field_name = "id"
      field_value = $auth.id
      data = {password: $input.password}
    } as $row
  }
  response = true
}
---
query rename verb=POST {
  api_group = "members"
  auth = "member"
  input {
    text name
  }
  stack {
    db.edit member {
      field_name = "id"
      field_value = $auth.id
      data = {name: $input.name}
    } as $row
  }
  response = true
}
---
query leave verb=POST {
  api_group = "members"
  auth = "member"
  input {
  }
  stack {
    db.del member {
      field_name = "id"
      field_value = $auth.id
    }
  }
  response = true
}
`

export async function addMember(server: ListeningServer, email: string): Promise<number> {
  const [row] = await server.query<{ id: number }>(`insert into ws_1_live.member (name, email, password, note) values ($1, $1, '', '') returning id`, [email])
  return Number(row?.id)
}
export async function memberToken(server: ListeningServer, id: number, more: object = {}): Promise<string> {
  const answer = await server.call('POST', '/api:members/token', { body: { id, ...more } })
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.body.token as string
}
