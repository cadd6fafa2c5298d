/** One program written in many ways: what a rule finds in the plain one it must find in all of them, and not in those that only look alike. */

type Case = [rule: string, how: string, text: string]

interface Options {
  response?: string
  input?: string
  auth?: string
  path?: string
  verb?: string
}
const everything = 'int id\n    int user_id?\n    text name?\n    text url?\n    json payload?\n    int n?\n    text q?'
const q = (stack: string, { response = 'null', input = everything, auth = 'auth = "user"', path = 'thing', verb = 'POST' }: Options = {}): string =>
  `query "${path}" verb=${verb} {\n  api_group = "g"\n  ${auth}\n  input {\n    ${input}\n  }\n  stack {\n${stack}\n  }\n  response = ${response}\n}`
const pub = { auth: 'public = "Anyone may do this."' }
const T = (columns: string): string => `table thing {\n  schema {\n    int id\n    ${columns}\n  }\n}`

/** Functions that call one another, and the last one deletes. */
const chain = [0, 1, 2, 3, 4, 5, 6, 7]
  .map((i) => {
    const stack = i === 7 ? 'db.del post {\n  field_name = "id"\n  field_value = $input.id\n}' : `function.run deep_${i + 1} {\n  input = {id: $input.id}\n}`
    return `---\nfunction deep_${i} {\n  input {\n    int id\n  }\n  stack {\n${stack}\n  }\n}`
  })
  .join('\n')

/** Functions and addons that the cases use, beside the tables. */
export const helpers = `
---
table note {
  schema {
    int id
    int user_id { table = "user" }
    text api_key? { access = "internal" }
    text body
  }
}
---
addon author {
 input { int id }
 stack { db.query user { where = $db.user.id == $input.id
 return = {type: "single"} } }
}
---
addon posts_of {
  input { int user_id }
  stack {
    db.query post {
      where = $db.post.author_id == $input.user_id
      return = {type: "list"}
    }
  }
}
---
function fetch_it {
  input { text url }
  stack { api.request { url = $input.url } as $r }
  response = $r
}
---
function set_head {
  input { text v }
  stack { util.set_header { value = "Location: " ~ $input.v } }
}
---
function run_code {
  input { text c }
  stack { api.lambda { code = $input.c } as $r }
  response = $r
}
---
function add_post {
  input { json data }
  stack { db.add post { data = $input.data } as $p }
  response = $p
}
---
function list_posts {
  input { int n }
  stack { db.query post { return = {type: "list", paging: {page: 1, per_page: $input.n}} } as $p }
  response = $p
}
---
function check_me {
  input { int id }
  stack {
    db.get post { field_name = "id"
 field_value = $input.id } as $p
    precondition ($p.author_id == $auth.id)
  }
}
${chain}`

/** Programs that mean what the rule is about, written another way. */
export const evasions: Case[] = [
  ['idor-dataflow', 'a filter around the column', q('db.query post { where = ($db.post.id|add:0) == $input.id } as $x', { response: '$x' })],
  ['idor-dataflow', 'a difference that is nothing', q('db.query post { where = ($db.post.id - $input.id) == 0 } as $x', { response: '$x' })],
  ['idor-dataflow', 'no more and no less', q('db.query post { where = $db.post.id >= $input.id && $db.post.id <= $input.id } as $x', { response: '$x' })],
  ['idor-dataflow', "a condition of the caller's", q('db.query post { search = $input.payload } as $x', { response: '$x' })],
  ['idor-dataflow', 'a condition in a variable', q('var $w { value = $input.payload }\ndb.query post { where = $w } as $x', { response: '$x' })],
  [
    'idor-dataflow',
    'addon',
    q('db.query post { where = $db.post.author_id == $auth.id\n addon = [{name: "posts_of", input: {user_id: $input.user_id}, as: "p"}] } as $x', {
      response: '$x',
    }),
  ],
  [
    'idor-dataflow',
    'async check',
    q('function.run check_me { input = {id: $input.id}\n runtime_mode = "async-shared" } as $r\ndb.del post { field_name = "id"\n field_value = $input.id }'),
  ],
  ['idor-dataflow', 'eight functions deep', q('function.run deep_0 { input = {id: $input.id} }')],
  [
    'idor-dataflow',
    'join',
    q('db.query post { join = {c: {table: "comment", type: "inner", where: $db.c.post_id == $db.post.id && $db.c.id == $input.id}} } as $x', {
      response: '$x',
    }),
  ],
  [
    'idor-dataflow',
    'var.update part',
    q('var $k { value = {a: 1} }\nvar.update $k.id { value = $input.id }\ndb.del post { field_name = "id"\n field_value = $k.id }'),
  ],
  ['idor-dataflow', 'set filter', q('var $k { value = {}|set:"id":$input.id }\ndb.del post { field_name = "id"\n field_value = $k|get:"id" }')],
  [
    'idor-dataflow',
    'text round trip',
    q('var $k { value = ("" ~ $input.id)|json_encode|json_decode|to_int }\ndb.del post { field_name = "id"\n field_value = $k }'),
  ],
  ['idor-dataflow', 'group', q('group {\n stack {\n var $k { value = $input.id }\n }\n }\ndb.del post { field_name = "id"\n field_value = $k }')],
  ['idor-dataflow', 'math', q('var $k { value = 0 }\nmath.add $k { value = $input.id }\ndb.del post { field_name = "id"\n field_value = $k }')],
  [
    'idor-dataflow',
    'array.push',
    q('var $k { value = [] }\narray.push $k { value = $input.id }\ndb.query post { where = $db.post.id in $k } as $x', { response: '$x' }),
  ],
  ['idor-dataflow', 'lambda', q('api.lambda { code = "return $input.id" } as $k\ndb.del post { field_name = "id"\n field_value = $k }')],
  ['idor-dataflow', 'lambda filter', q('var $k { value = 1|lambda:"return $input.id" }\ndb.del post { field_name = "id"\n field_value = $k }')],
  ['idor-dataflow', 'to_expr', q('var $k { value = "$input.id"|to_expr }\ndb.del post { field_name = "id"\n field_value = $k }')],
  ['idor-dataflow', 'template', q('util.template_engine { value = "{{ $input.id }}" } as $k\ndb.del post { field_name = "id"\n field_value = $k }')],
  [
    'idor-dataflow',
    'loop counter',
    q('for ($input.id) {\n each as $i {\n var.update $last { value = $i }\n }\n }\ndb.del post { field_name = "id"\n field_value = $last }'),
  ],
  [
    'idor-dataflow',
    'switch',
    q(
      'var $k { value = 1 }\nswitch ($input.name) {\n case ("a") {\n var.update $k { value = $input.id }\n } break\n }\ndb.del post { field_name = "id"\n field_value = $k }',
    ),
  ],
  ['idor-dataflow', 'get_input', q('util.get_input { encoding = "json" } as $i\ndb.del post { field_name = "id"\n field_value = $i.id }')],
  ['idor-dataflow', 'get_all_input', q('util.get_all_input as $i\ndb.del post { field_name = "id"\n field_value = $i.id }')],
  ['idor-dataflow', 'viewer role', q('precondition ($auth.extras.role == "viewer")\ndb.del post { field_name = "id"\n field_value = $input.id }')],
  ['missing-ownership-check', 'direct sql', q('db.direct_query { sql = "select * from post where id = ?"\n arg = [$input.id] } as $x', { response: '$x' })],
  ['mass-assignment', 'object in variable', q('var $d { value = {author_id: $input.user_id, title: "x"} }\ndb.add post { data = $d }')],
  ['mass-assignment', 'set', q('db.add post { data = {title: "x"}|set:"author_id":$input.user_id }')],
  ['mass-assignment', 'pick', q('db.add post { data = $input|pick:["author_id", "title"] }')],
  ['mass-assignment', 'json payload', q('db.add post { data = $input.payload }')],
  ['mass-assignment', 'payload spread', q('db.add post { data = {...$input.payload, title: "x"} }')],
  ['mass-assignment', 'merge payload', q('db.add post { data = {title: "x"}|merge:$input.payload }')],
  ['mass-assignment', 'function input', q('function.run add_post { input = {data: $input} } as $x')],
  ['mass-assignment', 'function payload', q('function.run add_post { input = {data: $input.payload} } as $x')],
  ['mass-assignment', 'function member', q('function.run add_post { input = {data: {author_id: $input.user_id}} } as $x')],
  ['mass-assignment', 'var.update', q('var $d { value = {title: "x"} }\nvar.update $d.author_id { value = $input.user_id }\ndb.add post { data = $d }')],
  ['mass-assignment', 'dynamic key', q('var $d { value = {title: "x"}|set:$input.name:$input.id }\ndb.add post { data = $d }')],
  ['mass-assignment', 'bulk add', q('db.bulk.add post { items = $input.payload }')],
  [
    'mass-assignment',
    'a list it is pushed onto',
    q('var $rows {\n  value = []\n}\narray.push $rows {\n  value = $input.payload\n}\ndb.bulk.add post {\n  items = $rows\n}'),
  ],
  ['mass-assignment', 'to JSON and back', q('db.add post {\n  data = $input|json_encode|json_decode\n}')],
  [
    'mass-assignment',
    'member by member in a loop',
    q(
      'var $d {\n  value = {}\n}\nforeach ($input.payload|entries) {\n  each as $e {\n    var.update $d {\n      value = $d|set:$e.key:$e.value\n    }\n  }\n}\ndb.add post {\n  data = $d\n}',
    ),
  ],
  [
    'request-to-caller-url',
    'one of two branches',
    q(
      'var $u {\n  value = "https://safe.example/"\n}\nconditional {\n  if ($input.n > 1) {\n    var.update $u {\n      value = $input.url\n    }\n  }\n}\napi.request {\n  url = $u\n} as $r',
    ),
  ],
  ['request-to-caller-url', 'a host put in its place', q('api.request {\n  url = "https://HOST/x"|replace:"HOST":$input.name\n} as $r')],
  [
    'secret-in-output',
    'letter by letter',
    q('var $s {\n  value = ""\n}\nfor (3) {\n  each as $i {\n    text.append $s {\n      value = $env.STRIPE_KEY\n    }\n  }\n}', { response: '$s' }),
  ],
  ['mass-assignment', 'conditional owner', q('db.add post { data = {author_id: $input.user_id ?? $auth.id} }')],
  ['request-to-caller-url', 'variable', q('var $u { value = $input.url }\napi.request { url = $u } as $r')],
  ['request-to-caller-url', 'function', q('function.run fetch_it { input = {url: $input.url} } as $r')],
  ['request-to-caller-url', 'filter', q('api.request { url = "https://"|concat:$input.url } as $r')],
  ['request-to-caller-url', 'host part', q('api.request { url = "https://" ~ $input.name ~ ".example.com/" } as $r')],
  ['request-to-caller-url', 'userinfo', q('api.request { url = "https://api.example.com" ~ $input.name } as $r')],
  ['request-to-caller-url', 'raw', q('util.get_raw_input { encoding = "json" } as $i\napi.request { url = $i.url } as $r')],
  ['header-from-input', 'variable', q('var $h { value = "Location: " ~ $input.url }\nutil.set_header { value = $h }')],
  ['header-from-input', 'function', q('function.run set_head { input = {v: $input.url} } as $r')],
  ['header-from-input', 'env header', q('util.set_header { value = "X-Y: " ~ ($env.$http_headers|get:"X-Z") }')],
  ['code-from-input', 'variable', q('var $c { value = $input.q }\napi.lambda { code = $c } as $r')],
  ['code-from-input', 'function', q('function.run run_code { input = {c: $input.q} } as $r')],
  ['code-from-input', 'expr var', q('var $c { value = $input.q }\nvar $d { value = $c|to_expr }')],
  ['code-from-input', 'template', q('util.template_engine { value = $input.q } as $d')],
  ['reflected-origin', 'variable', q('var $h { value = "Access-Control-Allow-Origin: *" }\nutil.set_header { value = $h }')],
  ['reflected-origin', 'concat', q('util.set_header { value = "Access-Control-Allow-Origin: " ~ ($env.$http_headers|get:"Origin") }')],
  ['reflected-origin', 'split', q('util.set_header { value = "Access-Control" ~ "-Allow-Origin: *" }')],
  ['reflected-origin', 'sprintf', q('util.set_header { value = "Access-Control-Allow-Origin: %s"|sprintf:$input.url }')],
  ['secret-in-output', 'get_env', q('util.get_env as $e', { response: '$e' })],
  ['secret-in-output', 'get_env member', q('util.get_env as $e', { response: '$e.STRIPE_KEY' })],
  ['secret-in-output', 'env get', q('', { response: '$env|get:"STRIPE_KEY"' })],
  ['secret-in-output', 'lambda env', q('api.lambda { code = "return $env.STRIPE_KEY" } as $x', { response: '$x' })],
  ['secret-in-output', 'template env', q('util.template_engine { value = "{{ $env.STRIPE_KEY }}" } as $x', { response: '$x' })],
  ['secret-in-output', 'header', q('util.set_header { value = "X-K: " ~ $env.STRIPE_KEY }')],
  ['secret-in-output', 'throw', q('throw { name = "x"\n value = $env.STRIPE_KEY }')],
  ['secret-in-output', 'precondition', q('precondition (false) { error = "k " ~ $env.STRIPE_KEY }')],
  ['secret-in-output', 'encode', q('', { response: '$env.STRIPE_KEY|base64_encode|split:""' })],
  [
    'secret-in-output',
    'function',
    `${q('function.run env_it as $x', { response: '$x' })}\n---\nfunction env_it { stack { }\n response = {a: $env.STRIPE_KEY} }`,
  ],
  [
    'secret-in-output',
    'addon output',
    q(
      'db.query post { where = $db.post.author_id == $auth.id\n addon = [{name: "author", input: {id: $output.author_id}, output: ["id", "password"], as: "p"}] } as $x',
      { response: '$x' },
    ),
  ],
  [
    'secret-in-output',
    'direct password',
    q('db.direct_query { sql = "select email, password from user where id = ?"\n arg = [$auth.id] } as $x', { response: '$x' }),
  ],
  ['plain-text-password-column', 'camel', T('text userPassword')],
  ['plain-text-password-column', 'hash camel', T('text passwordHash')],
  ['exposed-secret-column', 'camel', T('text apiKey?')],
  ['exposed-secret-column', 'camel2', T('text stripeSecret?')],
  ['exposed-secret-column', 'json', T('json access_token?')],
  ['unmasked-password-input', 'camel', q('', { input: 'text newPassword' })],
  ['token-in-query', 'camel', q('', { verb: 'GET', input: 'text resetToken' })],
  ['mass-assignment', 'isAdmin', q('db.add user { data = {name: "x", isAdmin: $input.name} }', pub)],
  ['admin-endpoint-without-role', 'v1', q('', { path: 'v1/admin/users' })],
  ['admin-endpoint-without-role', 'adminUsers', q('', { path: 'adminUsers' })],
  ['long-lived-token', 'arith', q('security.create_auth_token { table = "user"\n id = $auth.id\n expiration = 60 * 60 * 24 * 365 } as $t', { response: '$t' })],
  ['unbounded-query', 'constant', q('db.query category { return = {type: "list", paging: {page: 1, per_page: 1000000}} } as $x', { response: '$x', ...pub })],
  [
    'unbounded-query',
    'variable',
    q('var $n { value = $input.n }\ndb.query category { return = {type: "list", paging: {page: 1, per_page: $n}} } as $x', { response: '$x', ...pub }),
  ],
  ['unbounded-query', 'function', q('function.run list_posts { input = {n: $input.n} } as $x', { response: '$x', ...pub })],
  ['secret-in-program', 'split', q('var $k { value = "sk_live_" ~ "4eC39HqLyjWDarjtT1zdp7dc" }')],
  [
    'unproven-token',
    'variable',
    q('var $i { value = $input|get:"id" }\nsecurity.create_auth_token { table = "user"\n id = $i } as $t', { response: '$t', ...pub }),
  ],
  [
    'public-account-data',
    'renamed',
    q('db.query user { return = {type: "list", paging: {page: 1, per_page: 10}} } as $x\nvar $y { value = $x.items|map:{e: $$.email} }', {
      response: '$y',
      ...pub,
    }),
  ],
  [
    'auth-endpoint-without-limit',
    'variable',
    q('db.get user { field_name = "id"\n field_value = $input.id } as $u\nvar $g { value = $input.otp }\nprecondition ($u.otp == $g)', {
      input: 'int id\n text otp',
      ...pub,
    }),
  ],
  [
    'auth-endpoint-without-limit',
    'where',
    q('db.query user { where = $db.user.otp == $input.otp\n return = {type: "single"} } as $u', { input: 'int id\n text otp', ...pub }),
  ],
  ['missing-auth-on-mutating-endpoint', 'function', q('function.run deep_6 { input = {id: $input.id} }', pub)],
  ['direct-query-concatenation', 'variable', q('var $s { value = "select " ~ $input.q }\ndb.direct_query { sql = $s } as $x')],
  [
    'direct-query-concatenation',
    'parser var',
    q('var $p { value = "template_engine" }\ndb.direct_query { sql = "select {{ $input.q }}"\n parser = $p } as $x'),
  ],
]

/** Programs that look alike and are right. */
export const fair: Case[] = [
  ['request-to-caller-url', 'path', q('api.request { url = "https://api.example.com/v1/" ~ $input.name } as $r')],
  ['request-to-caller-url', 'env base', q('api.request { url = $env.BASE ~ "/v1/" ~ $input.name } as $r')],
  [
    'request-to-caller-url',
    'var base',
    q('var $b { value = "https://api.example.com" }\nvar $u { value = $b ~ "/x/" ~ $input.id }\napi.request { url = $u } as $r'),
  ],
  ['request-to-caller-url', 'sprintf', q('api.request { url = "https://api.example.com/v1/%s"|sprintf:$input.name } as $r')],
  [
    'request-to-caller-url',
    'params',
    q('api.request { url = "https://api.example.com/v1"\n params = {q: $input.q}\n headers = ["Authorization: Bearer " ~ $env.KEY] } as $r'),
  ],
  ['header-from-input', 'cookie', q('util.set_header { value = "X-Total: " ~ $auth.id }')],
  ['secret-in-output', 'lambda', q('api.lambda { code = "const s = $env.$remote_ip; return s + $input.name" } as $x', { response: '$x' })],
  [
    'secret-in-output',
    'request with key',
    q('api.request { url = "https://api.example.com/v1"\n headers = ["Authorization: Bearer " ~ $env.KEY] } as $r', { response: '$r.response.result' }),
  ],
  ['secret-in-output', 'error text', q('precondition ($input.id > 0) { error = "No such id " ~ $input.id }')],
  ['code-from-input', 'template', q('util.template_engine { value = "Hi {{ $input.name }}" } as $x', { response: '$x' })],
  ['code-from-input', 'lambda const', q('api.lambda { code = "return $input.name" } as $x', { response: '$x' })],
  ['mass-assignment', 'map', q('db.bulk.add post { items = $input.payload|map:{title: $$.title, author_id: $auth.id} }')],
  ['mass-assignment', 'var', q('var $d { value = {title: $input.name, author_id: $auth.id} }\ndb.add post { data = $d }')],
  ['mass-assignment', 'json column', q('db.add post { data = {title: $input.payload, author_id: $auth.id} }')],
  ['mass-assignment', 'json member', q('db.add post { data = {title: $input.payload.title, author_id: $auth.id} }')],
  ['mass-assignment', 'pick', q('db.add post { data = $input|pick:["title"]|set:"author_id":$auth.id }')],
  ['mass-assignment', 'checked', q('precondition ($input.user_id == $auth.id)\ndb.add post { data = {author_id: $input.user_id, title: "x"} }')],
  [
    'idor-dataflow',
    'search text',
    q('db.query post { where = $db.post.author_id == $auth.id && ($db.post.title|lower) == ($input.name|lower) } as $x', { response: '$x' }),
  ],
  ['idor-dataflow', 'where title', q('db.query post { where = ($db.post.title|lower) == ($input.name|lower) } as $x', { response: '$x' })],
  [
    'idor-dataflow',
    'own plus search',
    q('db.query post { where = $db.post.author_id == $auth.id\n additional_where = $input.payload } as $x', { response: '$x' }),
  ],
  [
    'idor-dataflow',
    'addon of output',
    q('db.query post { where = $db.post.published == true\n addon = [{name: "posts_of", input: {user_id: $output.author_id}, as: "p"}] } as $x', {
      response: '$x',
    }),
  ],
  ['admin-endpoint-without-role', 'words', q('', { path: 'administrative/list' })],
  ['admin-endpoint-without-role', 'words2', q('', { path: 'time/management' })],
  [
    'unbounded-query',
    'min',
    q('db.query category { return = {type: "list", paging: {page: 1, per_page: $input.n|min:100}} } as $x', { response: '$x', ...pub }),
  ],
  [
    'unbounded-query',
    'var const',
    q('var $n { value = 50 }\ndb.query category { return = {type: "list", paging: {page: 1, per_page: $n}} } as $x', { response: '$x', ...pub }),
  ],
]
