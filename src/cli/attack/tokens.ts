/** Tokens: what stock libraries of JWE accept, or once did. Nothing here knows a key. */
import { createHmac } from 'node:crypto'
import { type Attack, face, json, member } from './attack.js'

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Another spelling of the same bytes: the last character has bits to spare. */
const respell = (part: string): string => part.slice(0, -1) + (alphabet[alphabet.indexOf(part.at(-1) ?? 'A') ^ 1] ?? '')

const heads = [
  '{"alg":"none"}',
  '{"alg":"none","enc":"A256GCM"}',
  '{"alg":"A256KW", "enc":"A256GCM"}',
  '{"enc":"A256GCM","alg":"A256KW"}',
  '{"alg":"A256KW","enc":"A256GCM","kid":"../../../../dev/null"}',
  `{"alg":"A256KW","enc":"A256GCM","kid":"' union select 'a"}`,
  '{"alg":"A256KW","enc":"A256GCM","jwk":{"kty":"oct","k":"AAAA"}}',
  '{"alg":"A256KW","enc":"A256GCM","jku":"http://127.0.0.1:1/keys"}',
  '{"alg":"A256KW","enc":"A256GCM","zip":"DEF"}',
  '{"alg":"A256KW","enc":"A256GCM","crit":["b64"],"b64":false}',
  '{"alg":"A256KW","enc":"A256GCM","crit":["x"],"x":1}',
  '{"alg":"A256KW","enc":"A256GCM","enc":"A128GCM"}',
  '{"alg":"A256KW","enc":"A256GCM","typ":"JWT"}',
  '{"alg":"dir","enc":"A256GCM"}',
  '{"alg":"A256KW","enc":"A128CBC-HS256"}',
  '{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAA"}',
  '{"alg":"RSA1_5","enc":"A256GCM"}',
]

/** Every token that is none. */
function forgeriesOf(token: string, other: string, id: number): string[] {
  const parts = token.split('.')
  const [head = '', key = '', iv = '', text = '', tag = ''] = parts
  const signed = `${encode('{"alg":"HS256"}')}.${encode(JSON.stringify({ id, exp: 9_999_999_999 }))}`
  return [
    ...heads.map((one) => parts.with(0, encode(one)).join('.')),
    ...parts.map((part, i) => parts.with(i, respell(part)).join('.')),
    ...parts.map((_part, i) => parts.with(i, '').join('.')),
    ...[1, 2, 3, 4].map((i) => parts.with(i, other.split('.')[i] ?? '').join('.')),
    [head, key, iv, text, tag.slice(0, 16)].join('.'),
    [head, iv, key, text, tag].join('.'),
    [head, key, iv, text].join('.'),
    `${token}=`,
    `${token}.`,
    `${token}.x`,
    `${token}%0a`,
    `${token}\t${token}`,
    `${head}=.${parts.slice(1).join('.')}`,
    parts.with(3, 'A'.repeat(4096)).join('.'),
    `${encode('{"alg":"none"}')}.${encode(JSON.stringify({ id }))}.`,
    ...['', 'secret', 'null'].map((secret) => `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`),
    '....',
    'a.b.c.d.e',
    'null',
    '{}',
  ]
}

const tokens: Attack = {
  id: 'JWE',
  title: 'Tokens altered, moved and made up',
  advisories: ['CVE-2022-36083', 'CVE-2024-28176', 'CVE-2024-28180', 'CVE-2026-27932', 'RFC 8725'],
  async run({ send, check, control, stage: { alice, bob } }) {
    const good = await send({ to: 'me', token: alice.token })
    control(good, 'the token is good', good.status === 200 && member(json(good), 'id') === alice.id)
    const none = await send({ to: 'me' })
    for (const token of forgeriesOf(alice.token, bob.token, alice.id)) {
      const reply = await send({ to: 'me', token })
      check(reply, '401, the same as without a token', reply.status === 401 && face(reply) === face(none))
    }
    const elsewhere = await send({
      to: `me?token=${alice.token}&access_token=${alice.token}&auth=${alice.token}`,
      headers: [
        ['Cookie', `token=${alice.token}; authToken=${alice.token}; session=${alice.token}`],
        ['X-Auth-Token', alice.token],
        ['X-Access-Token', alice.token],
      ],
    })
    check(elsewhere, '401: a token counts in one header only', elsewhere.status === 401)
  },
}

export const tokenAttacks: readonly Attack[] = [tokens]
