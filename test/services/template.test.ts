import { afterAll, describe, expect, it } from 'vitest'
import { decimalOf, fromPlain, type Json, type Obj, obj } from '../../src/lib/value.js'
import { createTemplates } from '../../src/services/template.js'
import { createRun, stack } from '../runtime/harness.js'

const templates = createTemplates({ processes: 2 })
afterAll(() => templates.close())

const fill = (source: string, variables: Record<string, Json> = {}, milliseconds = 5000): Promise<string> =>
  templates.fill(source, fromPlain(variables) as Obj, milliseconds)

describe('templates', () => {
  it.each<[string, Record<string, Json>, string]>([
    ['Hi {{ $name }}!', { name: 'Ann' }, 'Hi Ann!'],
    ['Hi {{ name|upper }}', { name: 'Ann' }, 'Hi ANN'],
    ['{{ $order.lines[1].sku }} {{ $order.lines|length }}', { order: { lines: [{ sku: 'a' }, { sku: 'b' }] } }, 'b 2'],
    ['{% for $item in $items %}{{ loop.index }}:{{ $item.n }} {% else %}none{% endfor %}', { items: [{ n: 5 }, { n: 6 }] }, '1:5 2:6 '],
    ['{% for key, value in $o %}{{ key }}={{ value }};{% endfor %}', { o: { b: 1, a: 2 } }, 'b=1;a=2;'],
    ['{% if $n > 3 and not $off %}big{% elseif $n == 3 %}three{% else %}small{% endif %}', { n: 3, off: false }, 'three'],
    ['{{ $html }}|{{ $html|raw }}', { html: '<b class="x">\'&' }, '&lt;b class=&quot;x&quot;&gt;&#039;&amp;|<b class="x">\'&'],
    ['{{ $missing }}{{ $o.none.deep }}.', { o: {} }, '.'],
    ['{{ $missing|upper }}{{ $o.none|trim }}{{ $nil|title }}{{ $none|map(v => v)|join(",") }}{{ $none|abs }}.', { o: {}, nil: null }, '0.'],
    ['{{ "$kept" }} costs $5 {# $gone #}', {}, '$kept costs $5 '],
    ['{{ $env.$remote_ip }}', { env: { $remote_ip: '203.0.113.7' } }, '203.0.113.7'],
    ['{% set $total = 1 + $n * 2 %}{{ $total }} {{ $n ~ "x" }} {{ $none ?? "d" }} {{ $n ? "y" : "n" }}', { n: 2 }, '5 2x d y'],
    [
      '{{ $list|map(v => v * 2)|join(",") }} {{ $list|filter(v => v > 1)|join(",") }} {{ $list|slice(0, 2)|json_encode|raw }}',
      { list: [1, 2, 3] },
      '2,4,6 2,3 [1,2]',
    ],
    ['{{ 1700000000|date("Y-m-d H:i", "UTC") }} {{ 1234.5|number_format(2, ",", ".") }} {{ "%s-%03d"|format("a", 7) }}', {}, '2023-11-14 22:13 1.234,50 a-007'],
    ['{% macro row(x) %}<{{ x }}>{% endmacro %}{% import _self as m %}{{ m.row(1) }}', {}, '<1>'],
    ['{% autoescape false %}{{ $html }}{% endautoescape %}', { html: '<i>' }, '<i>'],
  ])('%s', async (source, variables, text) => {
    expect(await fill(source, variables)).toBe(text)
  })

  it.each([
    '{{ source("/etc/hostname") }}',
    '{{ include("template") }}',
    '{% include "/etc/hostname" %}',
    '{% extends "x" %}',
    '{% embed "template" %}{% endembed %}',
    '{{ constant("process") }}',
    '{{ template_from_string("x") }}',
    '{{ dump() }}',
    '{{ $o.constructor("x") }}',
    '{{ $o.set("a", 1) }}',
    '{{ date().constructor("x") }}',
    '{{ _self.environment("x") }}',
  ])('refuse %s', async (source) => {
    await expect(fill(source, { list: [1], o: { a: 1 } })).rejects.toMatchObject({ code: 'ERROR_FATAL', message: expect.stringMatching(/^Template: /) })
  })

  it.each([
    '{{ $o.constructor.constructor }}',
    '{{ $o.__proto__ }}',
    '{{ $list.constructor }}',
    '{{ ("a").constructor }}',
    '{{ $list.constructor("return process") }}',
    '{{ $list.push(1) }}',
    '{{ attribute($o, "constructor", ["x"]) }}',
  ])('give nothing for %s', async (source) => {
    expect(await fill(source, { list: [1], o: { a: 1 } })).not.toMatch(/function|native|object/i)
  })

  it('get a decimal without a fraction as its number', async () => {
    const variables = obj([['o', obj([['list', [decimalOf(5)]]])]])
    expect(await templates.fill('{{ $o.list[0] }} {{ $o.list[0] + 1 }} {{ $o|json_encode|raw }}', variables, 5000)).toBe('5 6 {"list":[5]}')
  })

  it('name the line of a mistake', async () => {
    await expect(fill('a\n{{ 1 + }}')).rejects.toMatchObject({ message: expect.stringContaining('Template: '), hint: expect.stringContaining('line 2') })
    await expect(fill('{{ $x|nope }}')).rejects.toMatchObject({ message: expect.stringContaining('nope') })
  })

  it('cannot hang or exhaust the server, and others go on', async () => {
    const endless = '{% for i in 1..100000 %}{% for j in 1..100000 %}{{ i * j }}{% endfor %}{% endfor %}'
    const ticks: number[] = []
    const timer = setInterval(() => ticks.push(1), 20)
    const [slow, fine] = await Promise.allSettled([fill(endless, {}, 600), fill('ok')])
    clearInterval(timer)
    expect(slow).toMatchObject({ status: 'rejected', reason: { message: 'Template: It takes too long.', errorName: 'TemplateError' } })
    expect(fine).toMatchObject({ status: 'fulfilled', value: 'ok' })
    expect(ticks.length).toBeGreaterThan(10)
    await expect(fill('{{ (1..100000000)|join }}', {}, 4000)).rejects.toMatchObject({
      message: expect.stringMatching(/^Template: It (needs too much memory|takes too long)/),
    })
    expect(await fill('again')).toBe('again')
  }, 20_000)
})

describe('util.template_engine', () => {
  const run = () => createRun({ templates })
  it('sees variables, inputs, the caller and the environment', async () => {
    const text =
      'var $who { value = {name: "Ann"} }\nutil.template_engine {\n  value = """\n    {{ $who.name }} {{ $var.who.name }} {{ $input.n }} {{ $auth.id }} {{ $env.SECRET }} {{ $env.$remote_ip }}\n    """\n} as $x'
    expect(await stack(text, '$x', { run: run(), input: 'int n', values: { n: 7 } })).toBe('Ann Ann 7 0 s3cret 203.0.113.7')
  })

  it('can be caught, and says when there is no engine', async () => {
    const caught = 'try_catch {\n  try {\n    util.template_engine { value = "{% if %}" } as $x\n  }\n  catch {\n    var $x { value = $error.name }\n  }\n}'
    expect(await stack(caught, '$x', { run: run() })).toBe('TemplateError')
    await expect(stack('util.template_engine { value = "a" } as $x')).rejects.toMatchObject({ message: expect.stringContaining('no template engine') })
  })
})
