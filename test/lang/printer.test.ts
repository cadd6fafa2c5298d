import { describe, expect, it } from 'vitest'
import { printDefinition, printDocuments, printExpression, printStatement } from '../../src/lang/printer.js'
import { definition, expr, statement } from './helpers.js'

describe('printExpression', () => {
  it.each([
    ['($a + 1) * 2', '($a + 1) * 2'],
    ['($a * 1) + 2', '$a * 1 + 2'],
    ['$a - ($b - $c)', '$a - ($b - $c)'],
    ['($a - $b) - $c', '$a - $b - $c'],
    ['($a|count) > 3', '($a|count) > 3'],
    ['$a|count > 3', '($a|count) > 3'],
    ['$a ~ ($b|trim) ~ "c"', '$a ~ ($b|trim) ~ "c"'],
    ['$a || $b && $c', '$a || ($b && $c)'],
    ['!$a|f', '!($a|f)'],
    ['-(5)', '-(5)'],
    ['-5', '-5'],
    ['!($a && $b)', '!($a && $b)'],
    ['$a|map:$$ > 1 ? "a" : "b"', '$a|map:($$ > 1 ? "a" : "b")'],
    ['$a|filter:($$.v > 1)', '$a|filter:$$.v > 1'],
    ['$a|f:($b|g)', '$a|f:($b|g)'],
    ['$a|f:[$b|g]', '$a|f:[$b|g]'],
    ['$c ? ($a|f:1) : $b', '$c ? ($a|f:1) : $b'],
    ['$a ? 1 : ($b ? 2 : 3)', '$a ? 1 : ($b ? 2 : 3)'],
    ['$x between ($a + 1):$b', '$x between $a + 1:$b'],
    ['$x not in? [1]', '$x not in? [1]'],
    ['(1..$n)', '1..$n'],
    ['$var.x', '$x'],
    ['`$a`', '$a'],
    ['{"a": 1, "b c": 2, $k: 3, ...$d}', '{a: 1, "b c": 2, $k: 3, ...$d}'],
    ["'it\"s'", '"it\\"s"'],
    ['"a\\nb\\u0001"', '"a\\nb\\u0001"'],
    ['"\\d"', '"\\\\d"'],
    ['$a."two words"."x"', '$a."two words".x'],
    ['$env.$remote_ip', '$env.$remote_ip'],
    ['|uuid', '|uuid'],
    ['!int "5"', '!int "5"'],
  ])('%s is printed %s', (text, printed) => {
    expect(printExpression(expr(text))).toBe(printed)
  })
})

describe('printStatement', () => {
  it.each([
    ['var $x { value = 1 }', 'var $x {\n  value = 1\n}'],
    ['db.query x {} as $r', 'db.query "x" {\n} as $r'],
    ['break', 'break'],
    ['array.find ($list) if ($this > 1) as r', 'array.find $list if ($this > 1) as $r'],
    ['array.map ($list|f) { by = $this }', 'array.map ($list|f) {\n  by = $this\n}'],
    ['foreach ($rows) { each as $r { break } }', 'foreach ($rows) {\n  each as $r {\n    break\n  }\n}'],
    ['api.call "a/{id}" verb="GET" as $r|get:0', 'api.call "a/{id}" verb=GET {\n} as $r|get:0'],
    ['switch ($k) { case (1) { } break\n default { } }', 'switch ($k) {\n  case (1) {\n  } break\n  default {\n  }\n}'],
    ['var $x { value = "a\\n  b" }', 'var $x {\n  value = """\n  a\n    b\n  """\n}'],
    ['// note\n!debug.log {\n  // why\n  value = 1\n}', '// note\n!debug.log {\n  // why\n  value = 1\n}'],
  ])('%j', (text, printed) => {
    expect(printStatement(statement(text))).toBe(printed)
  })
})

describe('printDefinition', () => {
  const text = `// lists books
query "authors of/{id}" verb=GET {
  api_group = "library"
  auth = "user"

  // what to look for
  input {
    int id {
      table = "author"
    }
    // how many
    text[1:3]? tags?=["a"] filters=trim|pattern:/^x$/i
    enum size?=1024x1024
    object where? {
      schema {
        text city filters=min:1|max:5
      }
    }
  }

  stack {
    // find them
    db.query "book" {
      where = $db.book.author_id == $input.id && $db.book.tags overlaps? $input.tags
      return = {type: "list", paging: {page: 1, per_page: 20}}
      sort = {
        created_at_with_a_long_name: "asc"
        another_quite_long_name_of_a_column: "desc"
        id: "desc"
      }
    } as $books

    conditional {
      if (($books|count) > 3) {
        break
        // done
      }
      else {
      }
    }
    // the end
  }

  response = {items: $books}

  cache = {ttl: 60}
  history = "inherit"

  test "none" {
    datasource = "test"
    expect.to_equal ($response.items) {
      value = []
    }
  }

  security {
    guid = "x"
  }
}
`

  it('prints canonical text as it is', () => {
    expect(printDefinition(definition(text))).toBe(text)
  })

  it('joins documents with separator lines', () => {
    expect(printDocuments([definition('function a {}'), definition('function "b c" {}')])).toBe('function a {\n}\n---\nfunction "b c" {\n}\n')
  })

  it.each([
    ['a', 'a'],
    ['a/b', 'a/b'],
    ['user/{id}', 'user/{id}'],
    ['{id}', '"{id}"'],
    ['a b', '"a b"'],
    ['a.b', '"a.b"'],
    ['a//b', '"a//b"'],
    ['x{y', '"x{y"'],
    ['é', '"é"'],
  ])('quotes the name %s when needed', (name, printed) => {
    expect(printDefinition({ ...definition('function f {}'), name })).toBe(`function ${printed} {\n}\n`)
  })
})
