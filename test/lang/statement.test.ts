import { describe, expect, it } from 'vitest'
import type { Statement } from '../../src/lang/tree.js'
import { definition, messages, parse, show, stack, statement } from './helpers.js'

/** The essentials of a statement as text. */
function brief(s: Statement): string {
  const head = [
    ...s.head.map(show),
    ...s.headAttributes.map((a) => `${a.name}=${show(a.value)}`),
    ...(s.condition === undefined ? [] : [`if ${show(s.condition)}`]),
  ]
  const args = s.args.map((a) => `${a.name}=${show(a.value)}`)
  const blocks = s.blocks.map(
    (b) => `${b.name}${b.head ? ` ${show(b.head)}` : ''}${b.as ? ` as ${b.as}` : ''}{${b.statements.map(brief).join('; ')}}${b.breaks ? ' break' : ''}`,
  )
  const as =
    s.as === undefined ? [] : [`as ${s.as.name}${s.as.filters.map((f) => `|${f.disabled ? '!' : ''}${[f.name, ...f.args.map(show)].join(':')}`).join('')}`]
  return [`${s.disabled ? '!' : ''}${s.name}`, ...head, ...args, ...blocks, ...as].join(' ')
}

const warnings = (text: string): string[] => messages(parse(`function f {\nstack {\n${text}\n}\n}`).problems, 'warning')
const errors = (text: string): string[] => messages(parse(`function f {\nstack {\n${text}\n}\n}`).problems)

describe('statements', () => {
  it.each([
    ['var $x { value = 1 }', 'var $x value=1'],
    ['var $x {\n  value = $a\n    |trim\n}', 'var $x value=($a|trim)'],
    ['var.update $a.b.c { value = 1 }', 'var.update $a.b.c value=1'],
    ['db.get "user" {\n  field_name = "id"\n  field_value = $auth.id\n} as $user', 'db.get "user" field_name="id" field_value=$auth.id as user'],
    ['db.get user { field_name = "id", field_value = 1 }', 'db.get "user" field_name="id" field_value=1'],
    ['db.query "x" dbo=36 {\n}', 'db.query "x" dbo=36'],
    ['api.call "a/{id}" verb=GET {\n  input = {id: 1}\n} as $r', 'api.call "a/{id}" verb="GET" input={id=1} as r'],
    ['api.call user/{user_id}/posts verb="GET" as $r', 'api.call "user/{user_id}/posts" verb="GET" as r'],
    ['api.call {id}/x verb=GET', 'api.call "{id}/x" verb="GET"'],
    ['function.run utils/slug { input = {} }', 'function.run "utils/slug" input={}'],
    ['function.run "" { input = {} }', 'function.run "" input={}'],
    ['break', 'break'],
    ['foreach.remove', 'foreach.remove'],
    ['security.create_uuid as $id', 'security.create_uuid as id'],
    ['array.pop $list as $x', 'array.pop $list as x'],
    ['array.push $o.items { value = 1 }', 'array.push $o.items value=1'],
    ['array.find $list if ($this > 1) as $r', 'array.find $list if ($this > 1) as r'],
    ['array.find $list if (`$this == 1`) as $r', 'array.find $list if ($this == 1) as r'],
    ['array.map ($list|f:1) { by = $this.kind } as $r', 'array.map ($list|f:1) by=$this.kind as r'],
    ['precondition ($x > 1)', 'precondition ($x > 1)'],
    ['precondition ($x) {\n  error_type = "notfound"\n  payload = {a: 1}\n}', 'precondition $x error_type="notfound" payload={a=1}'],
    ['!debug.log { value = 1 }', '!debug.log value=1'],
    ['db.query "x" as $x|get:0:null', 'db.query "x" as x|get:0:null'],
    ['db.query "x" as $x|!first|f:$a + 1', 'db.query "x" as x|!first|f:($a + 1)'],
    ['db.query "x" as x', 'db.query "x" as x'],
    ['db.query "x" as $var.x.y', 'db.query "x" as x.y'],
    ['db.query "x" {\n}\nas $x', 'db.query "x" as x'],
    ['var $x\n{\n  value = 1\n}', 'var $x value=1'],
    ['return { value = {ok: true} }', 'return value={ok=true}'],
    ['throw { name = "E", value = "m" }', 'throw name="E" value="m"'],
    ['debug.log { value = 1 } // done', 'debug.log value=1'],
    ['debug.log {\n  // the value\n  value = 1 // one\n}', 'debug.log value=1'],
    [
      'db.query "x" {\n  where = $db.x.a == 1\n    && $db.x.b == 2\n  sort = {a: "asc"}\n}',
      'db.query "x" where=(($db.x.a == 1) && ($db.x.b == 2)) sort={a="asc"}',
    ],
    ['db.query "x" { return = {type: "list"} }', 'db.query "x" return={type="list"}'],
    ['var $x { value =\n  1\n}', 'var $x value=1'],
    ['var $x { value = """\n  a\n  b\n  """\n}', 'var $x value="a\\nb"'],
  ])('%j', (text, expected) => {
    expect(brief(statement(text))).toBe(expected)
  })

  it.each([
    ['conditional {\n  if ($a) {\n    break\n  }\n  elseif ($b) {\n  }\n  else {\n    continue\n  }\n}', 'conditional if $a{break} elseif $b{} else{continue}'],
    ['conditional {\n  if ($a) {\n  }\n  elseif ($b)\n  else {\n  }\n}', 'conditional if $a{} elseif $b{} else{}'],
    [
      'switch ($k) {\n  case ("a") {\n    break\n  } break\n\n  case ("b") {\n  }\n  break\n  default {\n  }\n}',
      'switch $k case "a"{break} break case "b"{} break default{}',
    ],
    ['switch ($k) {\n  case (12) break\n}', 'switch $k case 12{} break'],
    ['foreach ($rows) {\n  each as $row {\n    debug.log { value = $row }\n  }\n}', 'foreach $rows each as row{debug.log value=$row}'],
    ['foreach ((1..5)) { each as $i { } }', 'foreach (1 .. 5) each as i{}'],
    ['for (10) {\n  each as i {\n  }\n}', 'for 10 each as i{}'],
    ['while ($i < 3) {\n  each {\n    break\n  }\n}', 'while ($i < 3) each{break}'],
    ['try_catch {\n  try {\n  }\n  catch {\n  }\n  finally {\n  }\n}', 'try_catch try{} catch{} finally{}'],
    ['group {\n  description = "g"\n  stack {\n    break\n  }\n}', 'group description="g" stack{break}'],
    ['db.transaction { stack { db.add "a" { data = {} } } }', 'db.transaction stack{db.add "a" data={}}'],
    ['expect.to_throw {\n  stack {\n  }\n  exception = "x"\n}', 'expect.to_throw exception="x" stack{}'],
  ])('holds blocks: %j', (text, expected) => {
    expect(brief(statement(text))).toBe(expected)
  })

  it('keeps unknown statements and their blocks', () => {
    expect(brief(statement('cloud.mystery "a" {\n  region = "eu"\n  stack {\n    break\n  }\n  input = {a: 1}\n}'))).toBe(
      'cloud.mystery "a" region="eu" input={a=1} stack{break}',
    )
    expect(brief(statement('mystery {\n  lane {\n    var $x { value = 1 }\n    !break\n  }\n}'))).toBe('mystery lane{var $x value=1; !break}')
    expect(brief(statement('mystery {\n  data {\n    a: 1\n    b = 2\n  }\n}'))).toBe('mystery data={a=1 b=2}')
  })

  it('asks the grammar for further block names', () => {
    expect(brief(statement('parallel {\n  branch {\n  }\n  branch {\n    break\n  }\n}'))).toBe('parallel branch{} branch{break}')
  })

  it('takes comment lines above as descriptions, and those at the end as trailing', () => {
    const text = `
      // first
      //
      //   indented
      var $x {
        // the number
        value = 1
      }

      // guarded
      conditional {
        // when true
        if ($x) {
          // nothing yet
        }
      }
      // the end
      // of it`
    const found = definition(`function f {\nstack {${text}\n}\n}`)
    expect(found.stackTrailing).toBe('the end\nof it')
    expect(found.stack).toMatchObject([
      { description: 'first\n\n  indented', args: [{ description: 'the number' }] },
      { description: 'guarded', blocks: [{ description: 'when true', trailing: 'nothing yet', statements: [] }] },
    ])
  })

  it('knows its line, and reads CRLF alike', () => {
    const text = 'function f {\n  stack {\n    break\n\n    group {\n      stack {\n        continue\n      }\n    }\n  }\n}'
    for (const variant of [text, text.replaceAll('\n', '\r\n')]) {
      const found = definition(variant).stack ?? []
      expect(found.map((s) => s.line)).toEqual([3, 5])
      expect(found[1]?.blocks[0]?.statements[0]?.line).toBe(7)
    }
  })

  it.each([
    ['conditional {\n  if ($a) {\n  } else {\n  }\n}', ['5:5 `else` should start on its own line.']],
    ['db.qurey "x" {\n}', ['3:1 Unknown statement `db.qurey`.']],
    ['db.get "x" { field_name = "id" field_value = 1 }', ['3:32 `field_value` should start on its own line.']],
    ['debug.log { value = 1 } debug.log { value = 2 }', ['3:25 `debug` should start on its own line.']],
    ['function.run "x" {\n  input { a: 1 }\n}', ['4:9 The `=` between `input` and its value is missing.']],
    ['db.get "x" as $result', ['3:15 `$result` is a name of the language itself.']],
  ])('warns in %j', (text, expected) => {
    expect(errors(text)).toEqual([])
    expect(warnings(text)).toEqual(expected)
  })

  it.each([
    ['conditional {\n  if ($a) {\n  }\n  else if ($b) {\n  }\n}', ['6:3 `else if` is written `elseif`.']],
    ['if ($a) {\n  break\n}', ['3:1 `if` belongs inside `conditional`.']],
    ['x = 1', ['3:1 Expected a statement, found `x = …`.']],
    ['$x = 1', ['3:1 Expected a statement, found `$x`.']],
    ['while ($a) {\n  var $x { value = 1 }\n}', ['4:3 A statement cannot stand directly inside `while`.']],
    ['var $x { value = }', ['3:18 Expected a value, found `}`.']],
    ['var $x {\n  value =\n}', ['4:9 The value of `value` is missing.']],
    ['var $x {\n  value =\n  other = 1\n}', ['4:9 The value of `value` is missing.']],
    ['var $x {\n  value: 1\n}', ['4:8 Expected `=` after `value`, found `:`.']],
    ['db.get ? {\n}', ['3:8 Expected a name, a variable or `{`, found `?`.']],
    ['var $x { value = 1 ) }', ['3:20 Expected the end of the line, found `)`.']],
    ['db.get "x" as', ['3:14 Expected a variable after `as`, found `}`.']],
  ])('rejects %j', (text, expected) => {
    expect(errors(text)).toEqual(expected)
  })

  it('gives hints', () => {
    const hints = (text: string): (string | undefined)[] => parse(`function f {\nstack {\n${text}\n}\n}`).problems.map((p) => p.hint)
    expect(hints('db.qurey "x" {\n}')).toEqual(['Did you mean `db.query`?'])
    expect(hints('while ($a) {\n  break\n}')).toEqual(['Put the statements of `while` inside `each { … }`.'])
    expect(hints('$x = 1')).toEqual(['Set a variable with `var $name { value = … }`, change it with `var.update`.'])
    expect(hints('if ($a) {\n}')).toEqual(['Wrap it: `conditional { if … { … } }`.'])
  })

  it('goes on after an error', () => {
    expect(stackNames('var $a { value = ( }\nvar $b { value = 2 }')).toEqual(['var $a', 'var $b'])
    expect(stackNames('precondition ($a == ) {\n  error = "x"\n}\nbreak')).toEqual(['precondition null', 'break'])
  })
})

/** Names and heads of what could be read of a stack with errors. */
const stackNames = (text: string): string[] =>
  (parse(`function f {\nstack {\n${text}\n}\n}`).definition?.stack ?? []).map((s) => [s.name, ...s.head.map(show)].join(' '))

describe('stack', () => {
  it('may be empty, hold comments only, or lack braces', () => {
    expect(stack('')).toEqual([])
    expect(definition('function f {\nstack {\n// todo\n}\n}')).toMatchObject({ stack: [], stackTrailing: 'todo' })
    expect(definition('function f {\ninput\nstack\nresponse = null\n}')).toMatchObject({ input: [], stack: [], response: { name: 'null' } })
  })
})
