/** Every security rule finds what it is for, and leaves alone what is right. */

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modelOfTable } from '../../src/workspace/models.js'
import { createContext, runRules, securityRules } from '../../src/workspace/rules/security/index.js'
import { authenticationEndpoints } from '../../src/workspace/templates/authentication.js'
import { authenticationGroup, userTable } from '../../src/workspace/templates/user-table.js'
import { arbitraryDefinition } from '../lang/arbitrary.js'
import { findings, parseAll, rulesIn } from './rules-harness.js'

const user = `table user {\n  auth = true\n  schema {\n    int id\n    text name?\n    email email filters=trim|lower\n    password password\n    text role?\n    text otp? {\n      access = "internal"\n    }\n  }\n  index = [\n    {type: "btree|unique", field: [{name: "email"}]}\n  ]\n}`
const post = `table post {\n  schema {\n    int id\n    int author_id {\n      table = "user"\n    }\n    text title?\n  }\n}`
const around = `${user}\n---\n${post}`

interface Parts {
  verb?: string
  path?: string
  head?: string
  input?: string
  stack?: string
  response?: string
}
const query = ({ verb = 'POST', path = 'thing', head = 'auth = "user"', input = '', stack = '', response = 'null' }: Parts): string =>
  `query "${path}" verb=${verb} {\n  api_group = "g"\n  ${head}\n  input {\n    ${input}\n  }\n  stack {\n    ${stack}\n  }\n  response = ${response}\n}`
const table = (column: string, extra = ''): string => `table thing {\n  ${extra}\n  schema {\n    int id\n    ${column}\n  }\n}`
const group = (extra: string): string => `api_group g {\n  ${extra}\n}`
const reason = 'public = "Anyone may do this."'
const login = (more = '', head = reason): string =>
  query({
    head,
    input: 'email email\n    text password {\n      sensitive = true\n    }',
    stack: `db.get user {\n  field_name = "email"\n  field_value = $input.email\n  output = ["id", "password"]\n} as $u\nsecurity.check_password {\n  text_password = $input.password\n  hash_password = $u|get:"password":""\n} as $ok\nprecondition ($ok)\nsecurity.create_auth_token {\n  table = "user"\n  id = $u.id\n  extras = {}\n  expiration = 86400\n} as $token\n${more}`,
    response: '{authToken: $token}',
  })

/** By rule: documents it blames, and documents it does not. */
const cases: Record<string, { bad: string[]; good: string[] }> = {
  'public-endpoint-without-reason': {
    bad: [query({ head: '' }), query({ head: 'auth = ""' }), query({ head: 'public = "yes"' }), query({ head: 'public = "TODO"' })],
    good: [query({}), query({ head: reason }), query({ head: 'active = false' })],
  },
  'missing-auth-on-mutating-endpoint': {
    bad: [
      query({ head: '', verb: 'DELETE' }),
      query({ head: '', stack: 'db.add post { data = {title: "x"} }' }),
      query({ head: reason, stack: 'db.truncate post { reset = true }' }),
      query({ head: reason, input: 'int id', stack: 'db.del post {\n  field_name = "id"\n  field_value = $input.id\n}' }),
    ],
    good: [
      query({ head: reason, stack: 'db.add post { data = {title: "x"} }' }),
      login('db.edit user {\n  field_name = "id"\n  field_value = $u.id\n  data = {name: "seen"}\n}'),
      query({ verb: 'DELETE' }),
    ],
  },
  'unproven-token': {
    bad: [
      query({ head: reason, input: 'int id', stack: 'security.create_auth_token {\n  table = "user"\n  id = $input.id\n} as $t', response: '$t' }),
      query({
        head: reason,
        input: 'email email',
        stack:
          'db.get user {\n  field_name = "email"\n  field_value = $input.email\n} as $u\nprecondition ($u != null)\nsecurity.create_auth_token {\n  table = "user"\n  id = $u.id\n} as $t',
        response: '$t',
      }),
    ],
    good: [
      login(),
      query({
        head: reason,
        input: 'email email',
        stack: 'db.add user {\n  data = {email: $input.email}\n} as $u\nsecurity.create_auth_token {\n  table = "user"\n  id = $u.id\n} as $t',
        response: '$t',
      }),
    ],
  },
  'long-lived-token': { bad: [login().replace('86400', '31536000')], good: [login()] },
  'account-email-not-unique': {
    bad: [table('email email filters=lower', 'auth = true'), `${user.replace(' filters=trim|lower', '')}`],
    good: [user, table('email email')],
  },
  'weak-password-filters': {
    bad: [table('password p filters=min:8'), table('password p filters=min:12|minDigit:1')],
    good: [
      table('password p'),
      table('password p filters=min:15'),
      table('password p filters=min:12|minLowerAlpha:1|minUpperAlpha:1|minDigit:1|minSymbol:1'),
      table('password p filters=min:1 {\n  policy = "nist"\n}'),
    ],
  },
  'short-password-maximum': { bad: [table('password p filters=min:15|max:20')], good: [table('password p filters=min:15|max:64')] },
  'default-password': { bad: [table('password p?="Welcome-2024!!"')], good: [table('password p?')] },
  'auth-endpoint-without-limit': {
    bad: [
      query({
        head: reason,
        input: 'int id\n    text otp { sensitive = true }',
        stack: 'db.get user {\n  field_name = "id"\n  field_value = $input.id\n} as $u\nprecondition ($u.otp == $input.otp)',
      }),
    ],
    good: [login('precondition ($u.id == $input.password)'), query({ input: 'text name', stack: 'precondition ($auth.extras.name == $input.name)' })],
  },
  'idor-dataflow': {
    bad: [query({ input: 'int id', stack: 'db.del post {\n  field_name = "id"\n  field_value = $input.id\n}' })],
    good: [query({ stack: 'db.get user {\n  field_name = "id"\n  field_value = $auth.id\n} as $u', response: '$u' })],
  },
  'mass-assignment': {
    bad: [
      query({ input: 'text title\n    int author_id', stack: 'db.add post { data = $input }' }),
      query({ input: 'text title', stack: 'db.add post { data = $input|set:"title":"x" }' }),
      query({ input: 'text title', stack: 'var $data { value = $input|unset:"x" }\ndb.add post { data = $data }' }),
      query({ stack: 'util.get_raw_input { encoding = "json" } as $raw\ndb.add post { data = $raw }' }),
      query({ input: 'int author_id', stack: 'db.add post { data = {author_id: $input.author_id} }' }),
      query({ head: reason, input: 'text role', stack: 'db.add user { data = {role: $input.role} }' }),
    ],
    good: [
      query({ input: 'text title', stack: 'db.add post { data = {author_id: $auth.id, title: $input.title} }' }),
      query({ input: 'text title', stack: 'db.add post { data = $input|pick:["title"] }' }),
      query({
        input: 'text role\n    int id',
        stack: 'precondition ($auth.extras.role == "admin")\ndb.edit user {\n  field_name = "id"\n  field_value = $input.id\n  data = {role: $input.role}\n}',
      }),
    ],
  },
  'missing-ownership-check': {
    bad: [
      query({ verb: 'GET', stack: 'db.query post {\n  sort = {id: "desc"}\n} as $x', response: '$x' }),
      query({ stack: 'db.truncate post { reset = true }' }),
    ],
    good: [
      query({ verb: 'GET', stack: 'db.query post {\n  where = $db.post.author_id == $auth.id\n} as $x', response: '$x' }),
      query({ verb: 'GET', stack: 'precondition ($auth.extras.role == "admin")\ndb.query post {\n  sort = {id: "desc"}\n} as $x', response: '$x' }),
      query({ head: reason, verb: 'GET', stack: 'db.query post {\n  sort = {id: "desc"}\n} as $x', response: '$x' }),
    ],
  },
  'bypassed-rules': {
    bad: [query({ head: 'auth = "user"\n  bypass_rules = "todo"' }), query({ head: 'auth = "user"\n  bypass_rules = "Staff look after every row."' })],
    good: [query({}), query({ head: 'auth = "user"\n  bypass_rules = ""' })],
  },
  'shared-cache': {
    bad: [query({ head: 'auth = "user"\n  cache = {ttl: 60, auth: false}' })],
    good: [query({ head: 'auth = "user"\n  cache = {ttl: 60, auth: true}' }), query({ head: `${reason}\n  cache = {ttl: 60, auth: false}` })],
  },
  'wildcard-cors': {
    bad: ['*', 'https://*.example.com', 'null'].map((origin) => group(`cors = {mode: "custom", origins: ["${origin}"]}`)),
    good: [
      group('cors = {mode: "custom", origins: ["https://app.example.com"]}'),
      group('cors = {mode: "default"}'),
      group('cors = {mode: "disabled", origins: ["*"]}'),
    ],
  },
  'reflected-origin': {
    bad: [query({ stack: 'util.set_header {\n  value = "Access-Control-Allow-Origin: *"\n}' })],
    good: [query({ stack: 'util.set_header {\n  value = "X-Total: 1"\n}' })],
  },
  'insecure-cors-origin': {
    bad: [group('cors = {mode: "custom", origins: ["http://app.example.com"]}')],
    good: [group('cors = {mode: "custom", origins: ["http://localhost:5173", "http://127.0.0.1:3000"]}')],
  },
  'guessable-canonical': { bad: [group('canonical = "blog"')], good: [group('canonical = "p6yq2Zt0nG4vXw8sJr1LkA"'), group('tags = ["x"]')] },
  'open-documentation': {
    bad: [group('swagger = {active: true}')],
    good: [group('swagger = {active: true, token: "t0ken"}'), group('swagger = {active: false}')],
  },
  'secret-in-output': {
    bad: [
      query({ stack: 'db.get user {\n  field_name = "id"\n  field_value = $auth.id\n  output = ["id", "password"]\n} as $u', response: '$u' }),
      query({ stack: 'db.get user {\n  field_name = "id"\n  field_value = $auth.id\n  output = ["id", "password"]\n} as $u', response: '{hash: $u.password}' }),
      query({ response: '{key: $env.STRIPE_KEY}' }),
      query({ stack: 'var $x { value = "k=" ~ $env.API_KEY }', response: '$x' }),
      query({ input: 'password password', response: '{you: $input.password}' }),
    ],
    good: [
      login(),
      query({ response: '$env.$remote_ip' }),
      query({ response: '$auth.id ~ "x"|hmac_sha256:$env.KEY' }),
      query({ stack: 'db.get user {\n  field_name = "id"\n  field_value = $auth.id\n  output = ["id", "password"]\n} as $u', response: '$u|unset:"password"' }),
    ],
  },
  'plain-text-password-column': {
    bad: [table('text password'), table('text user_pwd?'), table('text password_hash')],
    good: [table('password password'), table('text compass')],
  },
  'exposed-secret-column': {
    bad: [table('text api_key?')],
    good: [table('text api_key? {\n  access = "internal"\n}'), table('text api_key? {\n  sensitive = true\n}'), table('text tokenized')],
  },
  'direct-query-concatenation': {
    bad: [
      query({ input: 'text q', stack: 'db.direct_query {\n  sql = "select * from post where title = \'" ~ $input.q ~ "\'"\n} as $x' }),
      query({ input: 'text q', stack: 'db.direct_query {\n  sql = "select {{ $input.q }}"\n  parser = "template_engine"\n} as $x' }),
    ],
    good: [query({ input: 'text q', stack: 'db.direct_query {\n  sql = "select * from post where title = ?"\n  arg = $input.q\n} as $x' })],
  },
  'request-to-caller-url': {
    bad: [
      query({ input: 'text url', stack: 'api.request {\n  url = $input.url\n} as $x' }),
      query({
        input: 'text url',
        stack: 'db.external.postgres.direct_query {\n  sql = "select 1"\n  response_type = "single"\n  connection_string = $input.url\n} as $x',
      }),
    ],
    good: [query({ input: 'text q', stack: 'api.request {\n  url = "https://api.example.com"\n  params = {q: $input.q}\n} as $x' })],
  },
  'code-from-input': {
    bad: [
      query({ input: 'text code', stack: 'api.lambda {\n  code = $input.code\n} as $x' }),
      query({ input: 'text code', stack: 'api.lambda {\n  code = "return " ~ $input.code\n} as $x' }),
      query({ input: 'text code', stack: 'var $x { value = [1]|lambda_map:$input.code }' }),
      query({ input: 'text code', stack: 'var $x { value = [1]|lambda_reduce:0:$input.code }' }),
      query({ input: 'text formula', stack: 'var $x { value = $input.formula|to_expr }' }),
    ],
    good: [
      query({ input: 'text name', stack: 'api.lambda {\n  code = "return $input.name"\n} as $x' }),
      query({ input: 'text name', stack: 'var $x { value = $input.name|lambda:"return $this.length" }' }),
      query({ input: 'int start', stack: 'var $x { value = [1]|lambda_reduce:$input.start:"return $result" }' }),
      query({ stack: 'var $x { value = "1 + 2"|to_expr }' }),
    ],
  },
  'header-from-input': {
    bad: [query({ input: 'text to', stack: 'util.set_header {\n  value = "Location: " ~ $input.to\n}' })],
    good: [query({ stack: 'util.set_header {\n  value = "Location: /"\n}' })],
  },
  'unbounded-query': {
    bad: [
      query({ head: reason, stack: 'db.query post {\n  sort = {id: "desc"}\n} as $x', response: '$x' }),
      query({
        head: reason,
        input: 'int per_page',
        stack: 'db.query post {\n  return = {type: "list", paging: {page: 1, per_page: $input.per_page}}\n} as $x',
        response: '$x',
      }),
    ],
    good: [
      query({
        head: reason,
        input: 'int per_page filters=max:100',
        stack: 'db.query post {\n  return = {type: "list", paging: {page: 1, per_page: $input.per_page}}\n} as $x',
        response: '$x',
      }),
      query({ head: reason, stack: 'db.query post {\n  return = {type: "count"}\n} as $x', response: '$x' }),
    ],
  },
  'token-in-query': {
    bad: [query({ verb: 'GET', input: 'text token' }), query({ path: 'reset/{token}', input: 'text token' })],
    good: [query({ input: 'text token' }), query({ verb: 'GET', input: 'text q' })],
  },
  'unmasked-password-input': {
    bad: [query({ input: 'text password' })],
    good: [query({ input: 'text password {\n  sensitive = true\n}' }), query({ input: 'password password' })],
  },
  'history-of-everything': { bad: [query({ head: 'auth = "user"\n  history = "all"' })], good: [query({ head: 'auth = "user"\n  history = 100' })] },
  'admin-endpoint-without-role': {
    bad: [query({ path: 'admin/user' }), query({ path: 'admin/user', stack: 'precondition ($auth.extras.role == "user")' })],
    good: [query({ path: 'admin/user', stack: 'precondition ($auth.extras.role == "admin")' }), query({ path: 'administrative_regions' })],
  },
  'public-account-data': {
    bad: [query({ head: reason, stack: 'db.query user {\n  return = {type: "list", paging: {page: 1, per_page: 10}}\n} as $x', response: '$x' })],
    good: [login(), query({ stack: 'db.get user {\n  field_name = "id"\n  field_value = $auth.id\n} as $x', response: '$x' })],
  },
  'secret-in-program': {
    bad: [
      query({ stack: 'var $k { value = "sk_live_4eC39HqLyjWDarjtT1zdp7dc" }' }),
      query({ stack: 'api.request {\n  url = "https://x.example"\n  headers = ["Authorization: Bearer abcdefghijklmnopqrstuvwxyz"]\n} as $x' }),
      query({
        stack:
          'db.external.postgres.direct_query {\n  sql = "select 1"\n  response_type = "single"\n  connection_string = "postgres://bob:hunter2@db.example/shop"\n} as $x',
      }),
      query({ stack: 'security.encrypt {\n  data = "x"\n  secret_key = "0123456789abcdef"\n} as $x' }),
    ],
    good: [
      query({ stack: 'db.external.postgres.direct_query {\n  sql = "select 1"\n  response_type = "single"\n  connection_string = $env.DB_URL\n} as $x' }),
      query({ stack: 'var $k { value = $env.STRIPE_KEY }' }),
      query({ stack: 'var $k { value = "task_list" }' }),
    ],
  },
  'exception-without-reason': {
    bad: [query({ head: 'auth = "user"\n  security_exceptions = {"unbounded-query": ""}' })],
    good: [query({ head: 'auth = "user"\n  security_exceptions = {"unbounded-query": "Ten rows at most."}' })],
  },
}

describe('security rules', () => {
  it('each has its cases here', () => expect(Object.keys(cases).sort()).toEqual(securityRules.map((rule) => rule.id).sort()))

  it.each(Object.entries(cases))('%s', (id, { bad, good }) => {
    for (const text of bad) expect([text, rulesIn(findings(text, around)).includes(id)]).toEqual([text, true])
    for (const text of good) expect([text, rulesIn(findings(text, around)).includes(id)]).toEqual([text, false])
  })

  it('say where and what to do', () => {
    const [found] = findings(query({ input: 'int id', stack: 'db.del post {\n  field_name = "id"\n  field_value = $input.id\n}' }), around)
    expect(found).toMatchObject({
      line: 8,
      fix: 'Add $db.post.author_id == $auth.id to the condition, or check it first: precondition ($row.author_id == $auth.id).',
    })
    expect(found?.message).toBe('$input.id picks the row of table "post" that db.del deletes, and nothing proves that it is the caller\'s.')
  })

  it('find nothing in what a fresh instance holds', () => {
    const definitions = [
      userTable(),
      authenticationGroup(),
      ...authenticationEndpoints({ table: modelOfTable({ id: 0, guid: '', definition: userTable() }), group: 'authentication' }),
    ]
    expect(runRules(definitions, createContext(definitions)).map(({ message }) => message)).toEqual([])
  })

  it.each(['blog', 'two-audiences'])('find no error in the example %s that it has not accepted with a reason', (name) => {
    const root = resolve(import.meta.dirname, '../../examples', name)
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.xs'))
    const definitions = parseAll(files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n---\n'))
    expect(
      runRules(definitions, createContext(definitions))
        .filter(({ rule, accepted }) => rule.severity === 'error' && accepted === null)
        .map(({ message, identity }) => `${identity.name}: ${message}`),
    ).toEqual([])
  })

  it('never fail, whatever they are given', () => {
    fc.assert(
      fc.property(fc.array(arbitraryDefinition, { minLength: 1, maxLength: 4 }), (definitions) => {
        runRules(definitions, createContext(definitions))
      }),
      { numRuns: 300 },
    )
  })
})
