/** The workspace that is attacked: one endpoint for each thing that somebody got wrong once. */

const query = (path: string, verb: string, head: string, input = '', stack = '', response = 'true'): string =>
  `query "${path}" verb=${verb} {\n  api_group = "attack"\n  ${head}\n  input {\n    ${input}\n  }\n  stack {\n    ${stack}\n  }\n  response = ${response}\n}`
const open = 'public = "For the length of an attack of its owner."'
const closed = 'auth = "account"'
const own = '$db.note.owner == $auth.id'

const tables = `table account {
  auth = true
  schema {
    int id
    email email filters=trim|lower
    password? password?
    text role?="member"
    text? secret? {
      access = "internal"
    }
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "email", op: "asc"}]}
  ]
}
---
table guest {
  auth = true
  schema {
    int id
    text name?
  }
}
---
table note {
  schema {
    int id
    timestamp created_at?=now
    int owner {
      table = "account"
    }
    text body
    bool reviewed?
    text? vault? {
      access = "internal"
    }
  }
}`

/** Run through the Metadata API only: nobody else makes tokens here. */
const functions = ['account', 'guest'].map(
  (table) => `function "mint ${table}" {
  input {
    int id
  }
  stack {
    security.create_auth_token {
      table = "${table}"
      id = $input.id
      expiration = 1800
    } as $token
  }
  response = $token
}`,
)
const tickets = `function ticket {
  input {
    int id
  }
  stack {
    security.create_one_time_token {
      table = "account"
      id = $input.id
      purpose = "attack"
    } as $token
  }
  response = $token
}
---
function redeem {
  input {
    text token
  }
  stack {
    security.use_one_time_token {
      table = "account"
      purpose = "attack"
      token = $input.token
    } as $used
  }
  response = $used != null
}`

const noteById = `db.query note {\n      where = $db.note.id == $input.id && ${own}\n      return = {type: "single"}\n    } as $note`
const found = 'precondition ($note != null) {\n      error_type = "notfound"\n    }'
const endpoints = [
  query('me', 'GET', closed, 'json user_id?', '', '{id: $auth.id, extras: $auth.extras}'),
  query('me', 'POST', closed, 'json user_id?', 'util.sleep { value = 0.01 }', '{id: $auth.id, extras: $auth.extras}'),
  query('private/canary', 'GET', closed, '', '', '"canary-private"'),
  query('unreviewed', 'GET', '', '', '', '"canary-unreviewed"'),
  query('facts', 'GET', open, '', '', '{ip: $env.$remote_ip, base: $env.$api_baseurl, uri: $env.$request_uri}'),
  query('echo/{name}', 'GET', open, 'text name', '', '{name: $input.name}'),
  query('echo', 'POST', open, 'json value?', '', '{value: $input.value}'),
  query(
    'fresh',
    'GET',
    open,
    '',
    'var $fresh { value = {} }',
    '{polluted: $fresh|get:"polluted":null, admin: $fresh|get:"isAdmin":null, role: $fresh|get:"role":null}',
  ),
  query('number', 'POST', open, 'int n filters=min:1\n    text name?', '', '{n: $input.n, name: $input.name}'),
  query('pick', 'GET', open, 'int n?\n    text name?\n    email mail?', '', '{n: $input.n, name: $input.name}'),
  query(
    'find',
    'POST',
    open,
    'email email filters=trim|lower',
    'db.has account {\n      field_name = "email"\n      field_value = $input.email\n    } as $known',
    '$known',
  ),
  query('file', 'POST', open, 'file photo', '', '"taken"'),
  query(
    'notes/search',
    'POST',
    closed,
    'json filter?\n    json sort?',
    `db.query note {\n      where = ${own}\n      additional_where = $input.filter\n      override_sort = $input.sort\n      output = ["id", "body"]\n    } as $notes`,
    '$notes',
  ),
  query('note', 'POST', closed, 'text body', 'db.add note {\n      data = {owner: $auth.id, body: $input.body}\n    } as $note', '$note'),
  query('note/{id}', 'GET', closed, 'int id', `${noteById}\n    ${found}`, '$note'),
  query(
    'note/{id}',
    'PATCH',
    closed,
    'int id\n    text body',
    `${noteById}\n    ${found}\n    db.edit note {\n      field_name = "id"\n      field_value = $note.id\n      data = {body: $input.body}\n    } as $changed`,
    '$changed',
  ),
  query('note/{id}', 'DELETE', closed, 'int id', `${noteById}\n    ${found}\n    db.del note {\n      field_name = "id"\n      field_value = $note.id\n    }`),
  query(
    'password',
    'POST',
    closed,
    'text password {\n      sensitive = true\n    }',
    'db.edit account {\n      field_name = "id"\n      field_value = $auth.id\n      data = {password: $input.password}\n    } as $row',
  ),
  query(
    'login',
    'POST',
    open,
    'email email\n    text password {\n      sensitive = true\n    }',
    `db.get account {
      field_name = "email"
      field_value = $input.email
      output = ["id", "password"]
    } as $account
    security.check_password {
      text_password = $input.password
      hash_password = $account|get:"password":""
    } as $matches
    precondition ($matches) {
      error_type = "accessdenied"
      error = "Invalid Credentials."
    }
    security.create_auth_token {
      table = "account"
      id = $account.id
    } as $token`,
    '{token: $token}',
  ),
  query('limited', 'GET', `${open}\n  security = {limit: {max: 5, seconds: 60, per: "address"}}`),
]

export const program = (canonical: string): string =>
  [`api_group attack {\n  canonical = "${canonical}"\n  history = 1000\n}`, tables, ...functions, tickets, ...endpoints].join('\n---\n')
