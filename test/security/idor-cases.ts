/** Endpoints that pick rows by what the caller sends: those that check whose they are, and those that do not. */

export const endpoint = (
  stack: string,
  { response = 'null', input = 'int id\n    int user_id?\n    text name?', auth = 'auth = "user"' } = {},
): string => `query "thing" verb=POST {
  api_group = "g"
  ${auth}
  input {
    ${input}
  }
  stack {
${stack}
  }
  response = ${response}
}`

export const getPost = 'db.get post {\n  field_name = "id"\n  field_value = $input.id\n} as $post'
export const editPost = 'db.edit post {\n  field_name = "id"\n  field_value = $input.id\n  data = {title: $input.name}\n} as $done'
export const delPost = 'db.del post {\n  field_name = "id"\n  field_value = $input.id\n}'
const open = { auth: 'public = "Anyone may read these."' }
type Case = [name: string, text: string]

/** Stacks that nobody may blame. */
export const good: Case[] = [
  ['own rows in where', endpoint('db.query post {\n  where = $db.post.author_id == $auth.id\n} as $x', { response: '$x' })],
  [
    'the key and the owner in where',
    endpoint('db.query post {\n  where = $db.post.id == $input.id && $db.post.author_id == $auth.id\n  return = {type: "single"}\n} as $x', { response: '$x' }),
  ],
  [
    'the owner first',
    endpoint('db.query post {\n  where = $auth.id == $db.post.author_id && ($db.post.title includes $input.name || $db.post.id == $input.id)\n} as $x', {
      response: '$x',
    }),
  ],
  ['read, check, answer', endpoint(`${getPost}\nprecondition ($post.author_id == $auth.id)`, { response: '$post' })],
  ['read, check, change', endpoint(`${getPost}\nprecondition ($post != null && $post.author_id == $auth.id)\n${editPost}`, { response: '$done' })],
  ['read, check, delete', endpoint(`${getPost}\nprecondition ($auth.id == $post.author_id)\n${delPost}`)],
  ['the check through get', endpoint(`${getPost}\nprecondition (($post|get:"author_id":null) == $auth.id)\n${delPost}`)],
  ['the owner in a variable', endpoint(`${getPost}\nvar $owner { value = $post.author_id }\nprecondition ($owner == $auth.id)\n${delPost}`)],
  ['the check in a variable', endpoint(`${getPost}\nvar $mine { value = $post.author_id == $auth.id }\nprecondition ($mine)\n${delPost}`)],
  [
    'throws when it is not',
    endpoint(
      `${getPost}\nconditional {\n  if ($post.author_id != $auth.id) {\n    throw {\n      name = "accessdenied"\n      value = "no"\n    }\n  }\n}\n${delPost}`,
    ),
  ],
  [
    'returns when it is not',
    endpoint(`${getPost}\nconditional {\n  if (!($post.author_id == $auth.id)) {\n    return { value = null }\n  }\n}\n${editPost}`, { response: '$done' }),
  ],
  ['changes inside the if', endpoint(`${getPost}\nconditional {\n  if ($post.author_id == $auth.id) {\n    ${delPost}\n  }\n}`)],
  [
    'in the else of not mine',
    endpoint(`${getPost}\nconditional {\n  if ($post.author_id != $auth.id) {\n    debug.log { value = 1 }\n  }\n  else {\n    ${delPost}\n  }\n}`),
  ],
  ['an editor may, too', endpoint(`${getPost}\nprecondition ($post.author_id == $auth.id || $auth.extras.role == "editor")\n${delPost}`)],
  ['the role of the token', endpoint(`precondition ($auth.extras.role == "admin")\n${getPost}\n${delPost}`, { response: '$post' })],
  [
    'the role of the account, looked up now',
    endpoint(`db.get user {\n  field_name = "id"\n  field_value = $auth.id\n} as $me\nprecondition ($me.role == "admin")\n${delPost}`),
  ],
  ['one of several roles', endpoint(`precondition (["admin", "editor"]|in:$auth.extras.role)\n${delPost}`)],
  [
    'the input is the caller',
    endpoint('precondition ($input.user_id == $auth.id)\ndb.query post {\n  where = $db.post.author_id == $input.user_id\n} as $x', { response: '$x' }),
  ],
  ['the own account', endpoint('db.edit user {\n  field_name = "id"\n  field_value = $auth.id\n  data = {name: $input.name}\n} as $x', { response: '$x' })],
  [
    'the own account through a variable',
    endpoint('var $me { value = $auth.id }\ndb.get user {\n  field_name = "id"\n  field_value = $me\n} as $x', { response: '$x' }),
  ],
  [
    'a function that decides',
    endpoint(`${getPost}\nfunction.run may_change {\n  input = {owner: $post.author_id, caller: $auth.id}\n} as $ok\nprecondition ($ok)\n${delPost}`),
  ],
  ['a function that checks', endpoint(`function.run require_author {\n  input = {post_id: $input.id}\n} as $post\n${delPost}`, { response: '$post' })],
  [
    'whoever owns the post may delete its comments',
    endpoint(`${getPost}\nprecondition ($post.author_id == $auth.id)\ndb.bulk.delete comment {\n  where = $db.comment.post_id == $input.id\n}`),
  ],
  [
    'the owner of what the row hangs on',
    endpoint(
      'db.get comment {\n  field_name = "id"\n  field_value = $input.id\n} as $c\ndb.get post {\n  field_name = "id"\n  field_value = $c.post_id\n} as $post\nprecondition ($auth.id == $c.user_id || $auth.id == $post.author_id)\ndb.del comment {\n  field_name = "id"\n  field_value = $input.id\n}',
    ),
  ],
  [
    'a membership of the caller',
    endpoint(
      'db.query membership {\n  where = $db.membership.org_id == $input.id && $db.membership.user_id == $auth.id\n  return = {type: "single"}\n} as $m\nprecondition ($m != null)\ndb.query document {\n  where = $db.document.org_id == $m.org_id\n} as $x',
      { response: '$x' },
    ),
  ],
  [
    'the tenant of the token',
    endpoint(
      'db.query document {\n  where = $db.document.id == $input.id && $db.document.org_id == $auth.extras.org_id\n  return = {type: "single"}\n} as $x',
      { response: '$x' },
    ),
  ],
  [
    'the tenant of the own account',
    endpoint(
      'db.get user {\n  field_name = "id"\n  field_value = $auth.id\n} as $me\ndb.query document {\n  where = $db.document.id == $input.id && $db.document.org_id == $me.org_id\n} as $x',
      { response: '$x' },
    ),
  ],
  [
    'exists as mine, then delete',
    endpoint(
      `db.query post {\n  where = $db.post.id == $input.id && $db.post.author_id == $auth.id\n  return = {type: "exists"}\n} as $mine\nprecondition ($mine)\n${delPost}`,
    ),
  ],
  [
    'count of mine, then delete',
    endpoint(`db.count post {\n  where = $db.post.id == $input.id && $db.post.author_id == $auth.id\n} as $n\nprecondition ($n > 0)\n${delPost}`),
  ],
  [
    'the row of a query of mine, then its id',
    endpoint(
      'db.query post {\n  where = $db.post.id == $input.id && $db.post.author_id == $auth.id\n  return = {type: "single"}\n} as $mine\ndb.del post {\n  field_name = "id"\n  field_value = $mine.id\n}',
    ),
  ],
  ['a public page', endpoint(`${getPost}\nprecondition ($post.published)`, { response: '$post', ...open })],
  [
    'a table of nobody',
    endpoint(
      'db.get category {\n  field_name = "id"\n  field_value = $input.id\n} as $x\ndb.edit category {\n  field_name = "id"\n  field_value = $input.id\n  data = {name: $input.name}\n}',
      { response: '$x' },
    ),
  ],
  [
    'a row that only decides',
    endpoint(
      `${getPost}\nprecondition ($post != null && $post.published)\ndb.add comment {\n  data = {post_id: $input.id, user_id: $auth.id, body: $input.name}\n} as $x`,
      { response: '$x' },
    ),
  ],
  [
    'login',
    endpoint(
      'db.get user {\n  field_name = "email"\n  field_value = $input.name\n  output = ["id", "password"]\n} as $u\nsecurity.check_password {\n  text_password = $input.name\n  hash_password = $u|get:"password":""\n} as $ok\nprecondition ($ok)\ndb.edit user {\n  field_name = "id"\n  field_value = $u.id\n  data = {name: "seen"}\n}',
      open,
    ),
  ],
  [
    'a reset by a secret token',
    endpoint(
      'db.get reset {\n  field_name = "token"\n  field_value = $input.name\n} as $r\nprecondition ($r != null)\ndb.edit user {\n  field_name = "id"\n  field_value = $r.user_id\n  data = {password: $input.name}\n}',
      open,
    ),
  ],
  [
    'a loop over the own rows',
    endpoint(
      'db.query post {\n  where = $db.post.author_id == $auth.id\n} as $mine\nforeach ($mine) {\n  each as $one {\n    db.del post {\n      field_name = "id"\n      field_value = $one.id\n    }\n  }\n}',
    ),
  ],
  [
    'in a transaction, after the check',
    endpoint(`${getPost}\nprecondition ($post.author_id == $auth.id)\ndb.transaction {\n  stack {\n    ${delPost}\n  }\n}`),
  ],
  ['new rows of the caller', endpoint('db.add post {\n  data = {author_id: $auth.id, title: $input.name}\n} as $x', { response: '$x' })],
]

/** Stacks that let a caller at the rows of others. */
export const bad: Case[] = [
  ...['user_id', 'userId', 'user', 'uid', 'account', 'owner', 'id', 'x'].map(
    (name): Case => [
      `an input called ${name}`,
      endpoint(`db.get post {\n  field_name = "id"\n  field_value = $input.${name}\n} as $x`, { response: '$x', input: `int ${name}` }),
    ],
  ),
  ['rows of the user the caller names', endpoint('db.query post {\n  where = $db.post.author_id == $input.user_id\n} as $x', { response: '$x' })],
  ['the account the caller names', endpoint('db.get user {\n  field_name = "id"\n  field_value = $input.user_id\n} as $x', { response: '$x' })],
  [
    'the account the caller names is changed',
    endpoint('db.edit user {\n  field_name = "id"\n  field_value = $input.user_id\n  data = {name: $input.name}\n} as $x'),
  ],
  ['an unchecked change', endpoint(editPost)],
  ['an unchecked patch', endpoint('db.patch post {\n  field_name = "id"\n  field_value = $input.id\n  data = $input|pick:["name"]\n}')],
  ['an unchecked delete', endpoint(delPost)],
  ['read and not checked', endpoint(`${getPost}\nprecondition ($post != null)`, { response: '$post' })],
  ['the check comes too late', endpoint(`${delPost}\n${getPost}\nprecondition ($post.author_id == $auth.id)`)],
  ['the check is one of two ways', endpoint(`${getPost}\nprecondition ($post.author_id == $auth.id || $post.published)\n${delPost}`)],
  [
    'the owner or the key in where',
    endpoint('db.query post {\n  where = $db.post.id == $input.id || $db.post.author_id == $auth.id\n} as $x', { response: '$x' }),
  ],
  ['not mine', endpoint('db.query post {\n  where = $db.post.id == $input.id && $db.post.author_id != $auth.id\n} as $x', { response: '$x' })],
  ['the check is the wrong way round', endpoint(`${getPost}\nprecondition ($post.author_id != $auth.id)\n${delPost}`)],
  ['another column equals the caller', endpoint(`${getPost}\nprecondition ($post.category_id == $auth.id)\n${delPost}`)],
  ['the owner is compared with an input', endpoint(`${getPost}\nprecondition ($post.author_id == $input.user_id)\n${delPost}`)],
  ['only that someone is logged in', endpoint(`precondition ($auth.id != 0 && $auth.id > 0)\n${delPost}`)],
  ['the role everyone has', endpoint(`precondition ($auth.extras.role == "user")\n${delPost}`)],
  ['a role the caller sends', endpoint(`precondition ($input.name == "admin")\n${delPost}`)],
  ['a role that is forbidden instead of needed', endpoint(`precondition ($auth.extras.role != "banned")\n${delPost}`)],
  ['the caller or whoever is named', endpoint('db.query post {\n  where = $db.post.author_id == ($input.user_id ?? $auth.id)\n} as $x', { response: '$x' })],
  [
    'a check without consequence',
    endpoint(`${getPost}\nconditional {\n  if ($post.author_id != $auth.id) {\n    debug.log { value = "not mine" }\n  }\n}\n${delPost}`),
  ],
  [
    'a check that is caught',
    endpoint(
      `${getPost}\ntry_catch {\n  try {\n    precondition ($post.author_id == $auth.id)\n  }\n  catch {\n    debug.log { value = "no" }\n  }\n}\n${delPost}`,
    ),
  ],
  [
    'a check of one row, a change of another',
    endpoint(`db.get post {\n  field_name = "id"\n  field_value = $input.user_id\n} as $post\nprecondition ($post.author_id == $auth.id)\n${delPost}`),
  ],
  [
    'a check in another branch',
    endpoint(`${getPost}\nconditional {\n  if ($input.name == "a") {\n    precondition ($post.author_id == $auth.id)\n  }\n}\n${delPost}`),
  ],
  ['a disabled check', endpoint(`${getPost}\n!precondition ($post.author_id == $auth.id)\n${delPost}`)],
  ['a function that checks nothing', endpoint(`function.run looks_fine {\n  input = {post_id: $input.id}\n} as $ok\nprecondition ($ok)\n${delPost}`)],
  ['a function that reads for the caller', endpoint('function.run get_post {\n  input = {id: $input.id}\n} as $x', { response: '$x' })],
  [
    'the verdict of a function is ignored',
    endpoint(`${getPost}\nfunction.run may_change {\n  input = {owner: $post.author_id, caller: $auth.id}\n} as $ok\n${delPost}`),
  ],
  [
    'a function decides about what the caller says',
    endpoint(`${getPost}\nfunction.run may_change {\n  input = {owner: $input.user_id, caller: $input.user_id}\n} as $ok\nprecondition ($ok)\n${delPost}`),
  ],
  ['through a variable', endpoint('var $key { value = $input.id }\ndb.get post {\n  field_name = "id"\n  field_value = $key\n} as $x', { response: '$x' })],
  ['through a filter', endpoint('db.get post {\n  field_name = "id"\n  field_value = $input.name|to_int\n} as $x', { response: '{post: $x}' })],
  ['through a header', endpoint('db.get user {\n  field_name = "id"\n  field_value = $env.$http_headers|get:"X-User-Id"\n} as $x', { response: '$x' })],
  [
    'through the raw body',
    endpoint('util.get_raw_input { encoding = "json" } as $raw\ndb.get user {\n  field_name = "id"\n  field_value = $raw.user.id\n} as $x', { response: '$x' }),
  ],
  [
    'through a row that the caller picked',
    endpoint('db.get comment {\n  field_name = "id"\n  field_value = $input.id\n} as $c\ndb.del post {\n  field_name = "id"\n  field_value = $c.post_id\n}'),
  ],
  ['a list of keys', endpoint('db.query post {\n  where = $db.post.id in $input.ids\n} as $x', { response: '$x', input: 'int[] ids' })],
  [
    'in a loop',
    endpoint('foreach ($input.ids) {\n  each as $one {\n    db.del post {\n      field_name = "id"\n      field_value = $one\n    }\n  }\n}', {
      input: 'int[] ids',
    }),
  ],
  ['rows for a bulk patch', endpoint('db.bulk.patch post { items = $input.rows }', { input: 'json rows' })],
  ['a bulk delete', endpoint('db.bulk.delete post {\n  where = $db.post.author_id == $input.user_id\n}')],
  [
    'a return in the middle',
    endpoint(`${getPost}\nconditional {\n  if ($input.name == "quick") {\n    return { value = $post }\n  }\n}\nprecondition ($post.author_id == $auth.id)`, {
      response: '$post',
    }),
  ],
  ['only one member of it', endpoint(getPost, { response: '{title: $post.title}' })],
  ['how many a user has', endpoint('db.count post {\n  where = $db.post.author_id == $input.user_id\n} as $n', { response: '$n' })],
  [
    'mine exists is not asked',
    endpoint(`db.query post {\n  where = $db.post.id == $input.id && $db.post.author_id == $auth.id\n  return = {type: "single"}\n} as $mine\n${delPost}`),
  ],
  ['a public endpoint that deletes', endpoint(delPost, open)],
  [
    'a public endpoint that changes an account',
    endpoint('db.edit user {\n  field_name = "email"\n  field_value = $input.name\n  data = {password: $input.name}\n}', open),
  ],
  [
    'an add_or_edit by a key of the caller',
    endpoint('db.add_or_edit post {\n  field_name = "id"\n  field_value = $input.id\n  data = {author_id: $auth.id, title: $input.name}\n}'),
  ],
]
