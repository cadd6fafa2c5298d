/** A refused login says nothing: the same bytes whatever was wrong, by whichever column accounts are named. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { accountsOf, goodPassword, memberWorkspace } from './accounts.js'

const login = (name: string, column: string) => `
query ${name} verb=POST {
  api_group = "members"
  public = "test"
  input {
    text ${column}
    text password
  }
  stack {
    db.get member {
      field_name = "${column}"
      field_value = $input.${column}
      output = ["id", "password", "note"]
    } as $member
    security.check_password {
      text_password = $input.password
      hash_password = $member|get:"password":""
    } as $matches
    precondition ($matches && ($member|get:"note":"") == "") {
      error_type = "accessdenied"
      error = "Invalid Credentials."
    }
    security.create_auth_token {
      table = "member"
      id = $member.id
    } as $token
  }
  response = {token: $token}
}`

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
  await server.pushText([memberWorkspace, login('by_email', 'email'), login('by_name', 'name')].join('\n---\n'))
  const { signUp } = await accountsOf(server)
  await signUp('known@example.com')
  const [user] = await server.query<{ password: string }>(`select password from ws_1_live."user"`)
  const states = { known: '', disabled: 'disabled', locked: 'locked', unverified: 'unverified' }
  for (const [name, note] of Object.entries(states))
    await server.query('insert into ws_1_live.member (name, email, password, note) values ($1, $2, $3, $4)', [
      name,
      `${name}@example.com`,
      user?.password,
      note,
    ])
  await server.query(`insert into ws_1_live.member (name, email, password, note) values ('null', 'null@example.com', '', '')`)
}, 60_000)
afterAll(() => server.close())

const face = (answer: { status: number; headers: Headers; text: string }) => {
  const headers = [...answer.headers].filter(([name]) => name !== 'date' && !name.startsWith('ratelimit'))
  return JSON.stringify([answer.status, headers, answer.text])
}

const states: [state: string, name: string, password: string][] = [
  ['unknown user', 'nobody', goodPassword],
  ['wrong password', 'known', `${goodPassword}x`],
  ['disabled', 'disabled', goodPassword],
  ['locked', 'locked', goodPassword],
  ['unverified', 'unverified', goodPassword],
  ['no password', 'null', goodPassword],
]

it.each([
  ['by_email', 'email', '@example.com'],
  ['by_name', 'name', ''],
])('%s', async (path, column, ending) => {
  const answers = []
  for (const [, name, password] of states) answers.push(await server.call('POST', `/api:members/${path}`, { body: { [column]: name + ending, password } }))
  expect(answers.map((answer) => answer.status)).toEqual(states.map(() => 403))
  expect(new Set(answers.map(face)).size).toBe(1)
  const good = await server.call('POST', `/api:members/${path}`, { body: { [column]: `known${ending}`, password: goodPassword } })
  expect(good.status).toBe(200)
})

it('the login of a fresh instance as well', async () => {
  const { logIn } = await accountsOf(server)
  for (const password of ['wrong', '', 'x'.repeat(5000), 'nul\0']) {
    const [known, unknown] = [await logIn('known@example.com', password), await logIn('unknown@example.com', password)]
    expect(known.status).toBeGreaterThanOrEqual(400)
    expect(face(known)).toBe(face(unknown))
  }
})
