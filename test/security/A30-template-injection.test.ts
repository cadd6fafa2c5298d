/**
 * Text of callers is text: no template, expression or format string in it is evaluated, wherever it comes out again (Strapi CVE-2023-22621; Directus
 * CVE-2025-30353, whose errors showed the environment).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

/** Probes of the usual engines; those that compute make 49, or 1787569 of 1337 squared. */
const probes: readonly string[] = [
  '{{7*7}}',
  '{{1337*1337}}',
  "{{7*'7'}}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker writes.
  '${1337*1337}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker writes.
  '${{1337*1337}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker writes.
  '`${1337*1337}`',
  '#{1337*1337}',
  '*{1337*1337}',
  '@(1337*1337)',
  '<%= 1337*1337 %>',
  '<% 1337*1337 %>',
  '{% if 1337*1337 %}1787569{% endif %}',
  '{%print(1337*1337)%}',
  '{#comment#}',
  '[[1337*1337]]',
  '[= 1337*1337]',
  '~{1337*1337}',
  '{{= 1337*1337}}',
  '{php}echo 1337*1337;{/php}',
  '#set($x=1337*1337)$x',
  '$env.CANARY',
  '{{$env.CANARY}}',
  '{{ env.CANARY }}',
  '{{ _context }}',
  '{{ self }}',
  '{{ dump() }}',
  '{{ constructor.constructor("return process.env")() }}',
  '{{ [].constructor.constructor("return 1337*1337")() }}',
  '{{ "x"|filter("system") }}',
  "{{ ['id']|map('system') }}",
  '{{ range.constructor("return global.process")() }}',
  '$input.secret',
  '$auth.id',
  '`1337*1337`',
  '= 1337*1337',
  '%s %d %n %x %p',
  '%1$s',
  "$1 $& $` $'",
  '\\u007b\\u007b1337*1337}}',
  '&#123;&#123;1337*1337}}',
  '|upper',
  '~ "1787569"',
]

const workspace = `workspace Shop {
  env = {CANARY: "canary-of-the-environment"}
}
---
api_group text {
  canonical = "text"
}
---
table line {
  schema {
    int id
    text body
    json? data?
  }
}
---
query pass verb=POST {
  api_group = "text"
  public = "test"
  input {
    text t
  }
  stack {
    db.add line {
      data = {body: $input.t, data: {inner: $input.t}}
    } as $stored
    db.query line {
      where = $db.line.body == $input.t
      return = {type: "single"}
    } as $found
    var $parts {
      value = "<" ~ $input.t ~ ">"
    }
    var $formatted {
      value = "%s|%s"|sprintf:$input.t:"end"
    }
    var $replaced {
      value = "a-X-b"|replace:"X":$input.t
    }
    var $json {
      value = {t: $input.t}|json_encode|json_decode
    }
  }
  response = {parts: $parts, stored: $stored.body, inner: $stored.data.inner, found: $found.body, formatted: $formatted, replaced: $replaced, json: $json.t}
}
---
query page verb=POST {
  api_group = "text"
  public = "test"
  input {
    text t
  }
  stack {
    util.template_engine {
      value = "<p>{{ $input.t|raw }}</p>"
    } as $page
  }
  response = {page: $page}
}
---
query refuse verb=POST {
  api_group = "text"
  public = "test"
  input {
    text t
  }
  stack {
    precondition (false) {
      error_type = "inputerror"
      error = $input.t
      payload = $input.t
    }
  }
  response = null
}
---
query number verb=POST {
  api_group = "text"
  public = "test"
  input {
    int t
    text more?
  }
  stack {
    util.set_header {
      value = "X-More: ok"
    }
  }
  response = $input.t
}`

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(workspace)
  const answer = await server.meta('POST', '/workspace/1/multidoc?partial=true&env=true', 'workspace Shop {\n  env = {CANARY: "canary-of-the-environment"}\n}')
  expect(answer.status).toBe(200)
}, 60_000)
afterAll(() => server.close())

const post = (path: string, t: unknown) => server.call('POST', `/api:text/${path}`, { body: { t } })

describe.each(probes)('%s', (t) => {
  it('comes out as it went in: stored, found, joined, formatted, replaced, encoded', async () => {
    const { status, body } = await post('pass', t)
    // Inputs of type text are trimmed by nobody who did not say so.
    expect([status, body]).toEqual([200, { parts: `<${t}>`, stored: t, inner: t, found: t, formatted: `${t}|end`, replaced: `a-${t}-b`, json: t }])
  })

  it('as a value of a template it is not a template', async () => {
    const { status, body } = await post('page', t)
    expect([status, body?.page]).toEqual([200, `<p>${t}</p>`])
  })

  it('in errors it is what was said, and nothing more', async () => {
    const own = await post('refuse', t)
    expect([own.status, own.body.message]).toEqual([400, t])
    const wrong = await post('number', t)
    expect(wrong.status).toBe(400)
    for (const { text } of [own, wrong, await server.call('GET', `/api:text/${encodeURIComponent(t)}`)])
      expect(text.replaceAll(JSON.stringify(t).slice(1, -1), '')).not.toMatch(/1787569|\b49\b|canary-of|PATH=|process/)
  })
})

it('the control: a template of the builder is one', async () => {
  const { body } = await post('page', 'x')
  expect(body.page).toBe('<p>x</p>')
})
