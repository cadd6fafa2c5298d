/** Bodies and parameters: types, names, formats, doubles. */
import { type Attack, isRefused, json, member, type Sending } from './attack.js'
import { shorten } from './client.js'

const structures = [{ $ne: null }, { $gt: '' }, { $regex: '.*' }, { operand: 'x', tag: 'col' }, { __op: 'Delete' }, {}, [], [null], [1, 2], [{ $ne: null }]]

const types: Attack = {
  id: 'A03',
  title: 'Operators where a value belongs',
  advisories: ['CVE-2026-30941', 'CVE-2026-18504'],
  async run({ send, check, control, stage }) {
    const plain = await send({ to: 'number', method: 'POST', body: { n: 5, name: 'x' } })
    control(plain, '{"n":5}', plain.status === 200 && member(json(plain), 'n') === 5)
    for (const value of structures)
      for (const body of [{ n: value }, { n: 1, name: value }]) {
        const reply = await send({ to: 'number', method: 'POST', body })
        check(reply, '400', reply.status === 400)
      }
    for (const value of ['12abc', 'NaN', '1e999', '0', -1, '1;select 1']) {
      const reply = await send({ to: 'number', method: 'POST', body: { n: value } })
      check(reply, '400', reply.status === 400)
    }
    for (const email of [{ $ne: null }, ['a@example.com', stage.alice.email], { like: '%' }]) {
      const reply = await send({ to: 'find', method: 'POST', body: { email } })
      check(reply, '400', reply.status === 400)
    }
  },
}

const prototypes: Attack = {
  id: 'A04',
  title: 'Names that lead to prototypes',
  advisories: ['CVE-2026-42231', 'CVE-2026-54306', 'CVE-2026-24766', 'CVE-2026-32878', 'GHSA-prm5-8g2m-24gg', 'CVE-2021-23682'],
  async run({ send, check }) {
    const poison = '{"polluted":true,"isAdmin":true,"role":"admin"}'
    const form = 'application/x-www-form-urlencoded'
    const sendings: Sending[] = [
      { to: 'echo', method: 'POST', body: `{"__proto__":${poison}}` },
      { to: 'echo', method: 'POST', body: `{"value":{"__proto__":${poison}}}` },
      { to: 'echo', method: 'POST', body: `{"value":{"constructor":{"prototype":${poison}}}}` },
      { to: 'echo', method: 'POST', body: `{"constructor":{"prototype":${poison}}}` },
      { to: 'echo', method: 'POST', body: '__proto__[polluted]=1&constructor[prototype][isAdmin]=1', type: form },
      { to: 'echo', method: 'POST', body: 'value[__proto__][polluted]=1', type: form },
      { to: 'pick?__proto__[polluted]=1&__proto__.isAdmin=1&name=x' },
      { to: 'pick?constructor[prototype][polluted]=1' },
    ]
    for (const sending of sendings) {
      const reply = await send(sending)
      const fresh = await send({ to: 'fresh' })
      const isClean = fresh.text === '{"polluted":null,"admin":null,"role":null}'
      check(reply, 'taken as a name or refused, and new objects stay empty', reply.status > 0 && reply.status < 500 && isClean)
    }
  },
}

const spellings = [
  'application/json\t',
  'application/json;charset=utf-8;charset=utf-8',
  'application/json, text/plain',
  'application/json text/plain',
  'application/jsonp',
  'application/problem+json',
  'text/json',
  'text/plain',
  'text/plain; application/json',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
  'application/xml',
  '*/*',
  ';',
  'application/json;charset=utf-16',
  '',
]

const contentTypes: Attack = {
  id: 'A09',
  title: 'Bodies read another way than they are checked',
  advisories: ['CVE-2025-32442', 'CVE-2026-25223', 'CVE-2026-33806', 'CVE-2026-3419', 'CVE-2022-41919', 'CVE-2022-39288', 'CVE-2026-21858'],
  async run({ send, check }) {
    for (const type of spellings)
      for (const body of ['{"n": "x"}', '{"n": 0}', '"n=5"']) {
        const reply = await send({ to: 'number', method: 'POST', body, type })
        check(reply, '400 or 415', reply.status === 400 || reply.status === 415)
      }
    for (const body of ['{"photo":{"name":"x.png","path":"/etc/passwd","size":1}}', '{"photo":"file:///etc/passwd"}', '{"photo":"/etc/passwd"}']) {
      const reply = await send({ to: 'file', method: 'POST', body })
      check(reply, '400: JSON is no file', reply.status === 400 && !reply.text.includes('root:'))
    }
  },
}

const pollution: Attack = {
  id: 'A41',
  title: 'A parameter that is there twice',
  advisories: ['ASVS 15.3.7'],
  async run({ send, check, stage }) {
    for (const query of ['name=a&name=b', 'n=1&n=2', 'n=1&n=1', 'name=a&name[]=b', 'name[]=a', 'name=a&na%6De=b', 'mail=a@x.com&mail=b@x.com']) {
      const reply = await send({ to: `pick?${query}` })
      check(reply, '400', reply.status === 400)
    }
    const form = await send({ to: 'number', method: 'POST', body: 'n=1&n=2', type: 'application/x-www-form-urlencoded' })
    check(form, '400', form.status === 400)
    for (const body of ['{"name":"a","name":"b"}', '{"name":"a","n\\u0061me":"b"}']) {
      const reply = await send({ to: `/api:meta/workspace/${stage.workspace}`, method: 'PUT', token: stage.adminToken, body })
      check(reply, '400', reply.status === 400)
    }
  },
}

const templates = [
  '{{7*7}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker writes.
  '${7*7}',
  '#{7*7}',
  '<%= 7*7 %>',
  '{% raw %}{{7*7}}',
  '{{constructor.constructor("return process")()}}',
  '*{7*7}',
  '@(7*7)',
  '[[7*7]]',
]

const templateInjection: Attack = {
  id: 'A30',
  title: 'Text that a template would run',
  advisories: ['CVE-2023-22621', 'CVE-2025-30353'],
  async run({ send, check }) {
    for (const text of templates) {
      const echoed = await send({ to: 'number', method: 'POST', body: { n: 1, name: text } })
      check(echoed, 'the text as it was sent', member(json(echoed), 'name') === text && member(json(echoed), 'n') === 1)
      const missing = await send({ to: `/${encodeURIComponent(text)}` })
      check(missing, 'refused, and nothing computed', isRefused(missing) && !missing.text.includes('49'))
      const wrong = await send({ to: 'number', method: 'POST', body: { n: text } })
      check(wrong, `400, and nothing of ${shorten(text, 20)} computed`, wrong.status === 400 && !wrong.text.includes('49') && !wrong.text.includes('pid'))
    }
  },
}

export const bodyAttacks: readonly Attack[] = [types, prototypes, contentTypes, templateInjection, pollution]
