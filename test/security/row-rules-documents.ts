/** The workspace of the tests about rules of tables. */
import { functionDocument } from '../db/program-fixture.js'

const account = (name: string): string => `table ${name} {
  auth = true
  schema {
    int id
    text name
    enum role?=member {
      values = ["member", "admin"]
    }
  }
}`

/** Tables with rules, and functions that reach their rows in every way there is. */
export const documents = [
  account('user'),
  account('employee'),
  `table note {
  schema {
    int id
    int user_id {
      table = "user"
    }
    text body
    bool shared?
    int stars?
    int? grade?
    int rank?=1
    timestamp approved_at?=now
    text? secret? {
      encrypted = true
      access = "public"
    }
  }
  rules = {
    read   : $db.note.user_id == $auth.id || $db.note.shared == true || $auth.role == "admin"
    create : $db.note.user_id == $auth.id
    update : $db.note.user_id == $auth.id
    delete : $db.note.user_id == $auth.id || $auth.role == "admin"
    columns: {grade: $auth.role == "admin", rank: $auth.role == "admin", approved_at: $auth.role == "admin"}
  }
  view = {
    popular: {alias: "popular_note", search: $db.note.stars >= 3, hide: ["user_id"]}
  }
}`,
  `table tag {
  schema {
    int id
    int note_id
    text label
  }
}`,
  `addon note_of {
  input {
    int note_id
  }
  stack {
    db.query note {
      where = $db.note.id == $input.note_id
      return = {type: "single"}
    }
  }
}`,
  functionDocument('list', '', 'db.query note { sort = {id: "asc"} } as $x', '$x'),
  functionDocument('page', '', 'db.query note { return = {type: "list", paging: {page: 1, per_page: 2, totals: true}} } as $x', '$x'),
  functionDocument('count', '', 'db.query note { return = {type: "count"} } as $x', '$x'),
  functionDocument('db_count', '', 'db.count note as $x', '$x'),
  functionDocument('exists', 'int id', 'db.query note { where = $db.note.id == $input.id\nreturn = {type: "exists"} } as $x', '$x'),
  functionDocument('single', 'int id', 'db.query note { where = $db.note.id == $input.id\nreturn = {type: "single"} } as $x', '$x'),
  functionDocument(
    'aggregate',
    '',
    'db.query note { return = {type: "aggregate", group: {user: $db.note.user_id}, eval: {n: $db.note.id|count, grade: $db.note.grade|max}} } as $x',
    '$x',
  ),
  functionDocument(
    'joined',
    '',
    'db.query tag { join = {n: {table: "note", type: "left", where: $db.n.id == $db.tag.note_id}}\neval = {body: $db.n.body}\nsort = {id: "asc"} } as $x',
    '$x',
  ),
  functionDocument('added', '', 'db.query tag { sort = {id: "asc"}\naddon = [{name: "note_of", input: {note_id: $output.note_id}, as: "note"}] } as $x', '$x'),
  functionDocument('view', '', 'db.query popular_note { sort = {id: "asc"} } as $x', '$x'),
  functionDocument('get', 'int id', 'db.get note { field_name = "id"\nfield_value = $input.id } as $x', '$x'),
  functionDocument(
    'lock',
    'int id',
    'db.transaction {\nstack {\ndb.query note { where = $db.note.id == $input.id\nlock = true\nreturn = {type: "single"} } as $x\n}\n}',
    '$x',
  ),
  functionDocument('has', 'int id', 'db.has note { field_name = "id"\nfield_value = $input.id } as $x', '$x'),
  functionDocument('edit', 'int id', 'db.edit note { field_name = "id"\nfield_value = $input.id\ndata = {body: "changed"} } as $x', '$x'),
  functionDocument('edit_by', 'text body', 'db.edit note { field_name = "body"\nfield_value = $input.body\ndata = {stars: 9} } as $x', '$x'),
  functionDocument('grade', 'int id', 'db.edit note { field_name = "id"\nfield_value = $input.id\ndata = {grade: 6} } as $x', '$x'),
  functionDocument('give', 'int id\nint to', 'db.edit note { field_name = "id"\nfield_value = $input.id\ndata = {user_id: $input.to} } as $x', '$x'),
  functionDocument(
    'patch',
    'int id',
    'var $d { value = {body: "changed"} }\ndb.patch note { field_name = "id"\nfield_value = $input.id\ndata = $d } as $x',
    '$x',
  ),
  functionDocument('upsert', 'int id', 'db.add_or_edit note { field_name = "id"\nfield_value = $input.id\ndata = {user_id: 1, body: "changed"} } as $x', '$x'),
  functionDocument('del', 'int id', 'db.del note { field_name = "id"\nfield_value = $input.id }', 'null'),
  functionDocument('bulk_patch', 'json items', 'db.bulk.patch note { items = $input.items } as $x', '$x'),
  functionDocument('bulk_update', 'json items', 'db.bulk.update note { items = $input.items } as $x', '$x'),
  functionDocument('bulk_delete', '', 'db.bulk.delete note { where = $db.note.id > 0 } as $x', '$x'),
  functionDocument('increment', '', 'db.increment note { where = $db.note.id > 0\nfield_name = "stars"\nvalue = 1\nreturn_type = "count" } as $x', '$x'),
  functionDocument('add', 'int user_id', 'db.add note { data = {user_id: $input.user_id, body: "new", secret: "s"} } as $x', '$x'),
  functionDocument('add_any', 'json data', 'var $d { value = $input.data }\ndb.add note { data = $d } as $x', '$x'),
  functionDocument(
    'upsert_any',
    'json data',
    'var $d { value = $input.data }\ndb.add_or_edit note { field_name = "id"\nfield_value = 999\ndata = $d } as $x',
    '$x',
  ),
  functionDocument('bulk_add', 'json items', 'db.bulk.add note { items = $input.items } as $x', '$x'),
  functionDocument('sorted', '', 'db.query note { sort = {grade: "asc"}\nwhere = $db.note.grade > 0 } as $x', '$x'),
  functionDocument('external', 'json filter?\njson sort?', 'db.query note { additional_where = $input.filter\noverride_sort = $input.sort } as $x', '$x'),
  functionDocument(
    'mixed',
    'int id',
    'db.transaction {\nstack {\ndb.query note as $all\ndb.query tag as $tags\ndb.edit note { field_name = "id"\nfield_value = $input.id\ndata = {stars: 1} } as $x\ndb.query user as $users\n}\n}',
    '[$all|count, $tags|count, $users|count]',
  ),
  functionDocument('everything', '', 'db.query note as $x', '$x|count').replace(
    '{\n  input',
    '{\n  bypass_rules = "A nightly report counts all notes."\n  input',
  ),
  functionDocument('outer', '', 'function.run "everything" as $all\ndb.query note as $own', '[$all, $own|count]'),
]
