import { describe, expect, it } from 'vitest'
import { parseExpression } from '../../src/lang/parser.js'
import { expr, grammar, messages, show } from './helpers.js'

const binding = (cases: [string, string][]): void => {
  it.each(cases)('%s  →  %s', (text, expected) => {
    expect(show(expr(text))).toBe(expected)
  })
}
const warnings = (text: string): string[] => messages(parseExpression(text, grammar).problems, 'warning')
const errors = (text: string): string[] => messages(parseExpression(text, grammar).problems)

describe('operators', () => {
  binding([
    ['1 + 2 * 3', '(1 + (2 * 3))'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['8 / 4 % 3', '((8 / 4) % 3)'],
    ['$a ~ $b + 1 ~ "c"', '(($a ~ ($b + 1)) ~ "c")'],
    ['1 + 1..$n', '((1 + 1) .. $n)'],
    ['$a + 1 < $b * 2', '(($a + 1) < ($b * 2))'],
    ['$a < 1 == true', '(($a < 1) == true)'],
    ['$a == 1 && $b == 2', '(($a == 1) && ($b == 2))'],
    ['$a || $b && $c', '($a || ($b && $c))'],
    ['$a && $b || $c', '(($a && $b) || $c)'],
    ['$a ?? $b || $c', '($a ?? ($b || $c))'],
    ['$a === 1 !== $b', '(($a === 1) !== $b)'],
    ['$a ? 1 : 2', '($a ? 1 : 2)'],
    ['$a ? 1 : $b ? 2 : 3', '($a ? 1 : ($b ? 2 : 3))'],
    ['$a ? $b ? 1 : 2 : 3', '($a ? ($b ? 1 : 2) : 3)'],
    ['$a ?: $b ?: $c', '($a ?: ($b ?: $c))'],
    ['$a ?? 1 ? 2 : 3', '(($a ?? 1) ? 2 : 3)'],
    ['!$a && !$b.c', '((!$a) && (!$b.c))'],
    ['-$a + 1', '((-$a) + 1)'],
    ['-5 - -3', '(-5 - -3)'],
    ['$a -5', '($a - 5)'],
    ['- 5', '(-5)'],
    ['!!$a', '(!(!$a))'],
    ['($a || $b) && $c', '(($a || $b) && $c)'],
    ['(1..5)', '(1 .. 5)'],
  ])
})

describe('query operators', () => {
  binding([
    ['$db.t.a = 5', '($db.t.a = 5)'],
    ['$db.t.a ==? $x && $db.t.b >=? $y', '(($db.t.a ==? $x) && ($db.t.b >=? $y))'],
    ['$db.t.a in $list', '($db.t.a in $list)'],
    ['$db.t.a in? $list', '($db.t.a in? $list)'],
    ['$db.t.a in ?$list', '($db.t.a in? $list)'],
    ['$db.t.a not in [1, 2]', '($db.t.a not in [1 2])'],
    ['$db.t.a between 1:10', '($db.t.a between 1:10)'],
    ['$db.t.a not between? $a + 1:$b && true', '(($db.t.a not between? ($a + 1):$b) && true)'],
    ['$db.t.a between $x|get:"lo":$y', '($db.t.a between ($x|get:"lo"):$y)'],
    ['$db.t.a contains "x" || $db.t.a not contains "y"', '(($db.t.a contains "x") || ($db.t.a not contains "y"))'],
    ['$db.t.a includes? "x"', '($db.t.a includes? "x")'],
    ['$db.t.a like "x%"', '($db.t.a like "x%")'],
    ['$db.t.a not ilike "x%"', '($db.t.a not ilike "x%")'],
    ['$db.t.a overlaps ["a"]', '($db.t.a overlaps ["a"])'],
    ['$db.t.a @> {b: 1}', '($db.t.a @> {b=1})'],
    ['$db.t.a ~ "^x" && $db.t.b !~ "y"', '(($db.t.a ~ "^x") && ($db.t.b !~ "y"))'],
  ])
})

describe('filters', () => {
  binding([
    ['$a|trim|to_lower', '(($a|trim)|to_lower)'],
    ['$a|slice:0:0 - $n', '($a|slice:0:(0 - $n))'],
    ['$a|get:$i - 1:null', '($a|get:($i - 1):null)'],
    ['$a|slice:-2:-1', '($a|slice:-2:-1)'],
    ['$a|map:$$.a*2', '($a|map:($$.a * 2))'],
    ['$a|filter:$$.v > 1|count', '(($a|filter:($$.v > 1))|count)'],
    ['$a|filter:$$.v > 1 && $$.w', '($a|filter:(($$.v > 1) && $$.w))'],
    ['$a|set:"n":$x + 1|set:"m":2', '(($a|set:"n":($x + 1))|set:"m":2)'],
    ['$a|f:1|g', '(($a|f:1)|g)'],
    ['$a|f:($b|g:1)', '($a|f:($b|g:1))'],
    ['$a|count > 3', '(($a|count) > 3)'],
    ['($a|count) > 3', '(($a|count) > 3)'],
    ['$a ~ $b|trim ~ $c', '(($a ~ ($b|trim)) ~ $c)'],
    ['!$a|is_empty', '(!($a|is_empty))'],
    ['-$a|count', '(-($a|count))'],
    ['-5|f', '(-5|f)'],
    ['|uuid', '(|uuid)'],
    ['|range:1:3|count', '((|range:1:3)|count)'],
    ['{}|set:"a":1|set:"b":[]|push:2', '((({}|set:"a":1)|set:"b":[])|push:2)'],
    ['$a|!trim|!f:1', '(($a|!trim)|!f:1)'],
    ['$a|pick:[id, name]', "($a|pick:['id 'name])"],
    ['$a|sort:id:text:true', "($a|sort:'id:'text:true)"],
    ['$a|map:{id: $$.id|f, n: $$.n|g:1}', '($a|map:{id=($$.id|f) n=($$.n|g:1)})'],
    ['$a|map:$$ > 1 ? "a" : "b"', '($a|map:(($$ > 1) ? "a" : "b"))'],
    ['$a|map:$$ > 1 ? "a" : "b"|count', '(($a|map:(($$ > 1) ? "a" : "b"))|count)'],
    ['$a|f:$$ ? 1 : 2:3', '($a|f:($$ ? 1 : 2):3)'],
    ['$c ? $a|get:"x" : $b', '($c ? ($a|get:"x") : $b)'],
    ['$c ? $a|get:"x":0 : $b|get:"y":1', '($c ? ($a|get:"x":0) : ($b|get:"y":1))'],
    ['$c ? 1 : $b|f', '($c ? 1 : ($b|f))'],
    ['$a\n  |trim\n  |f:1', '(($a|trim)|f:1)'],
    ['$a| trim |f: 1', '(($a|trim)|f:1)'],
    ['"a,b"|f:","', '("a,b"|f:",")'],
    ['$a.b[0]|first', '($a.b[0]|first)'],
  ])

  it('gives the last argument back to a waiting `? :`', () => {
    expect(show(expr('$c ? $a|f:$b'))).toBe('($c ? ($a|f) : $b)')
    expect(show(expr('$c ? $a|f:1:$b'))).toBe('($c ? ($a|f:1) : $b)')
    expect(show(expr('$c ? 1 + $a|f:1:$b'))).toBe('($c ? (1 + ($a|f:1)) : $b)')
  })

  it.each([
    ['$a|count > 3', ['1:10 An operator after a filter: the filtered value is taken as its left side.']],
    ['($a|count) > 3', []],
    ['!$a|is_empty && $b', ['1:14 An operator after a filter: the filtered value is taken as its left side.']],
    ['$a|contains:"x" && $b', ['1:13 `&&` belongs to the argument of `|contains` here.']],
    ['$a|get:"x" == 1', ['1:8 `==` belongs to the argument of `|get` here.']],
    ['$a|get:("x" == 1)', []],
    ['$a|filter:$$.v > 1', []],
    ['$a || $b && $c', ['1:4 `&&` and `||` are mixed without parentheses: `&&` is taken first.']],
    ['$a || ($b && $c)', []],
    ['$a|trin', ['1:4 Unknown filter `trin`.']],
  ])('warns in %s', (text, expected) => {
    expect(warnings(text)).toEqual(expected)
  })

  it('suggests the filter that was meant', () => {
    expect(parseExpression('$a|trin', grammar).problems[0]?.hint).toBe('Did you mean `trim`?')
  })
})

describe('operands', () => {
  binding([
    ['$var.total', '$total'],
    ['$var.total.sum', '$total.sum'],
    ['$var', '$var'],
    ['$input.a.b', '$input.a.b'],
    ['$a.0.1', '$a.0.1'],
    ['$a.items.0.id', '$a.items.0.id'],
    ['$a."two words".b', '$a.two words.b'],
    ['$a[0][$i + 1].x', '$a[0][($i + 1)].x'],
    ['$a[\n0\n]', '$a[0]'],
    ['$a.["b"]', '$a["b"]'],
    ['$a.$key', '$a[$key]'],
    ['$env.$remote_ip', '$env.$remote_ip'],
    ['$env.$http_headers.X-Forwarded-For', '$env.$http_headers.X-Forwarded-For'],
    ['$a.x-y', "($a.x - 'y)"],
    ['$$.name', '$$.name'],
    ['$0.a ~ $[-2].b', '($0.a ~ $[-2].b)'],
    ['($a ?? {}).b', '($a ?? {}).b'],
    ['[1,2][0]', '[1 2][0]'],
    ['"abc".x', '"abc".x'],
    ['true', 'true'],
    ['now', 'now'],
    ['5.0', '5.0'],
    ['2025-01-01 00:00:00+0000', '2025-01-01 00:00:00+0000'],
    ['!int "5"', '!int"5"'],
    ['!expr "$a"|f', '(!expr"$a"|f)'],
    ['!int', "(!'int)"],
    ['`$a + 1`', '($a + 1)'],
    ['```\n  $a +\n  1\n```', '($a + 1)'],
    ['`$a|count` > 3', '(($a|count) > 3)'],
    ['($a &&\n  $b\n  && $c)', '(($a && $b) && $c)'],
    ['($a\n  - 1\n)', '($a - 1)'],
    ['book.title', "'book.title"],
  ])

  it.each([
    ['draft', ['1:1 The word `draft` without quotes is read as text.']],
    ['[draft]', []],
    ['{a: draft}', ['1:5 The word `draft` without quotes is read as text.']],
    ['$a|f:{a: draft}', []],
    ['$a|f:(draft)', []],
    ['[Bill of Materials, $x]', ['1:2 Words without quotes are read as text.']],
  ])('warns about bare words: %s', (text, expected) => {
    expect(warnings(text)).toEqual(expected)
  })

  it('reads several bare words of a list as one text', () => {
    expect(show(expr('[Bill of Materials,$x,for product]'))).toBe('["Bill of Materials" $x "for product"]')
  })
})

describe('literals', () => {
  binding([
    ['[]', '[]'],
    ['[1, 2, 3,]', '[1 2 3]'],
    ['[\n  1\n  2,\n\n  3\n]', '[1 2 3]'],
    ['[1\n-2]', '[1 -2]'],
    ['[...$a, 1]', '[...$a 1]'],
    ['[$a\n  |f, 2]', '[($a|f) 2]'],
    ['{}', '{}'],
    ['{a: 1, "two words": 2, a.b: 3}', '{a=1 two words=2 a.b=3}'],
    ["{'q': 1}", '{q=1}'],
    ['{\n  a : 1\n  bc: 2\n}', '{a=1 bc=2}'],
    ['{\n  // note\n  a: 1 // more\n\n  b: 2,\n}', '{a=1 b=2}'],
    ['{...$a, b: 1}', '{...$a b=1}'],
    ['{$key: 1, $a.b: 2, (1 ~ "x"): 3, [$k]: 4}', '{($key)=1 ($a.b)=2 ((1 ~ "x"))=3 ($k)=4}'],
    ['{query: 1, table: 2, value: 3, true: 4, output: 5}', '{query=1 table=2 value=3 true=4 output=5}'],
    ['{1: "a", Content-Type: "b"}', '{1="a" Content-Type="b"}'],
    ['{a: {b: [{c: 1}]}}', '{a={b=[{c=1}]}}'],
    ['{a:\n  1}', '{a=1}'],
    ['{__proto__: 1, constructor: 2}', '{__proto__=1 constructor=2}'],
    ['{a: """\n  x\n  """\n b: 1}', '{a="x" b=1}'],
    ['{a: $c ? 1 : 2, b: $x|f:1}', '{a=($c ? 1 : 2) b=($x|f:1)}'],
  ])

  it.each([
    ['{a: 1, b: 2, a: 3}', ['1:14 The key `a` appears twice.']],
    ['{a = 1}', ['1:4 Entries of an object use `:`, not `=`.']],
    ['{name}', ['1:6 Expected `:` after the key `name`, found `}`.']],
    ['{a: 1 b: 2}', ['1:7 Expected a comma, a new line or `}`, found `b`.']],
    ['[1 2]', ['1:4 Expected a comma, a new line or `]`, found `2`.']],
    ['[1,,2]', ['1:4 An entry is missing between the commas.']],
    ['{a: , b: 2}', ['1:2 The value of `a` is missing.']],
    ['[1, 2', ['1:1 This `[` is never closed.']],
    ['{a: 1', ['1:1 This `{` is never closed.']],
    ['{a: +, b: 2, c: *}', ['1:5 Expected a value, found `+`.', '1:17 Expected a value, found `*`.']],
  ])('finds the error in %s', (text, expected) => {
    expect(errors(text)).toEqual(expected)
  })
})

describe('errors', () => {
  it.each([
    ['', '1:1 Expected a value, found the end of the text.'],
    ['$a +', '1:5 Expected a value, found the end of the text.'],
    ['$a $b', '1:4 Expected the end of the expression, found `$b`.'],
    ['($a', '1:4 Expected `)`, found the end of the text.'],
    ['($a and $b)', '1:5 Expected `)`, found `and`.'],
    ['$a.', '1:4 Expected a name after `.`.'],
    ['$a[1', '1:5 Expected `]` after the index, found the end of the text.'],
    ['$a|', '1:4 Expected the name of a filter, found the end of the text.'],
    ['$a|f:', '1:6 Expected a value, found the end of the text.'],
    ['$a ? 1', '1:7 Expected `:` and the other value of `? :`, found the end of the text.'],
    ['$a between 1', '1:13 `between` needs a low and a high value.'],
    ['concat("a", "b")', '1:1 `concat(…)`: the language has no function calls.'],
    ['`$a', '1:4 Expected the closing backtick, found the end of the text.'],
    ['"abc', '1:1 This text is not closed on its line.'],
    ['# x', '1:1 `#` is not part of the language here.'],
  ])('%s', (text, expected) => {
    expect(errors(text)[0]).toBe(expected)
  })

  it('refuses what is too deep, however it is written', () => {
    for (const text of [
      '('.repeat(5000),
      '['.repeat(5000),
      '{a:'.repeat(5000),
      '!'.repeat(5000),
      `1${' + 1'.repeat(5000)}`,
      `$a${'|f'.repeat(5000)}`,
      `$a${'.b'.repeat(5000)}`,
    ])
      expect(errors(text).some((message) => /too (?:deeply|long)/.test(message))).toBe(true)
  })
})
