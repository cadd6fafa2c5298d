/** Mails over SMTP, and what happens without a mail server. */
import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.js'
import { createEgress } from '../../src/services/egress.js'
import { createMailer, type Mailer } from '../../src/services/mailer.js'
import { createOutbound } from '../../src/services/outbound/http.js'
import { type MailSink, startMailSink } from '../security/mail-sink.js'

const message = { to: ['ann@example.com'], subject: 'Hello', text: 'A line' }
const open: (Mailer | MailSink)[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})
const outbound = createOutbound(createEgress({ allow: ['127.0.0.1'] }))
afterAll(() => outbound.close())
const mailer = (options: Partial<Parameters<typeof createMailer>[0]>): Mailer => {
  const made = createMailer({ outbound, ...options })
  open.push(made)
  return made
}

describe('with a mail server', () => {
  it('sends to every recipient, and tells none of the blind copies', async () => {
    const sink = await startMailSink()
    const { send } = mailer({ url: sink.url, from: 'Shop <shop@example.com>' })
    open.push(sink)
    const { id } = await send({ ...message, cc: ['bob@example.com'], bcc: ['eve@example.com'], replyTo: 'help@example.com', html: '<b>Hi</b>' })
    const mail = await sink.next('ann@example.com')
    expect(mail.recipients.sort()).toEqual(['ann@example.com', 'bob@example.com', 'eve@example.com'])
    expect(mail.raw).not.toContain('eve@')
    expect([mail.header('from'), mail.header('reply-to'), mail.header('message-id')]).toEqual(['Shop <shop@example.com>', 'help@example.com', id])
    expect(mail.header('content-type')).toContain('multipart/alternative')
  })

  it('is unavailable when nobody listens', async () => {
    const sink = await startMailSink()
    await sink.close()
    await expect(mailer({ url: sink.url, from: 'a@example.com' }).send(message)).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('another machine has to offer TLS', async () => {
    const sink = await startMailSink()
    open.push(sink)
    // The same server under a name that is not this machine's own.
    const port = new URL(sink.url).port
    await expect(mailer({ url: `smtp://0.0.0.0:${port}`, from: 'a@example.com' }).send(message)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(sink.mails).toEqual([])
  })
})

describe('through Resend', () => {
  const got: { authorization: string | undefined; body: string }[] = []
  const api = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += String(part)
    })
    request.on('end', () => {
      got.push({ authorization: request.headers.authorization, body })
      const isRight = request.headers.authorization === 'Bearer re_key'
      response.writeHead(isRight ? 200 : 401, { 'content-type': 'application/json' }).end(isRight ? '{"id":"1"}' : '{"message":"API key is invalid"}')
    })
  })
  let resendUrl = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
    const address = api.address()
    resendUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/emails`
  })
  afterAll(() => new Promise((resolve) => api.close(resolve)))

  it('sends what the service documents, and answers what it answers', async () => {
    const { sendByResend } = mailer({ resendUrl })
    const mail = { ...message, from: 'Shop <shop@example.com>', replyTo: 'help@example.com', cc: ['bob@example.com'], bcc: [] }
    expect(await sendByResend(mail, { apiKey: 're_key', scheduledAt: Date.UTC(2030, 0, 1) })).toEqual(new Map([['id', '1']]))
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({
      from: 'Shop <shop@example.com>',
      to: ['ann@example.com'],
      cc: ['bob@example.com'],
      reply_to: 'help@example.com',
      subject: 'Hello',
      text: 'A line',
      scheduled_at: '2030-01-01T00:00:00.000Z',
    })
  })

  it('says why it was refused, without the key', async () => {
    const refused = mailer({ resendUrl, from: 'a@example.com' }).sendByResend(message, { apiKey: 're_wrong' })
    await expect(refused).rejects.toMatchObject({ message: 'Resend refused the mail (401): API key is invalid' })
    for (const apiKey of ['', 're_key\r\nX: y'])
      await expect(mailer({ resendUrl, from: 'a@example.com' }).sendByResend(message, { apiKey })).rejects.toThrow('api_key')
    await expect(mailer({ resendUrl }).sendByResend(message, { apiKey: 're_key' })).rejects.toMatchObject({ kind: 'input' })
  })
})

describe('without a mail server', () => {
  it('development shows the mail', async () => {
    const shown: unknown[] = []
    await mailer({ show: (mail) => shown.push(mail) }).send(message)
    expect(shown).toEqual([{ ...message, from: 'stackhold@localhost' }])
  })

  it('production refuses', async () => {
    await expect(mailer({ from: 'a@example.com' }).send(message)).rejects.toMatchObject({
      kind: 'unavailable',
      hint: expect.stringContaining('STACKHOLD_SMTP_URL'),
    })
  })
})

describe('addresses and subjects', () => {
  const shown: { to: readonly string[] }[] = []
  const { send } = createMailer({ outbound, show: (mail) => shown.push(mail) })

  it.each(['ann@example.com', 'Ann Lee <ann@example.com>', '"Lee, Ann" <ann@example.com>', 'änn@exämple.com', "o'neil+tag@sub.example.co"])(
    'takes %s',
    async (to) => {
      await expect(send({ ...message, to: [to] })).resolves.toBeDefined()
    },
  )

  it.each([
    '',
    'ann',
    'ann@',
    '@example.com',
    'a@b.c,d@e.f',
    'a@b.c;d@e.f',
    'a b@example.com',
    'ann@example.com\r\nBcc: x@y.z',
    'ann@example.com\n',
    'Ann\r\nBcc: x@y.z <ann@example.com>',
    '<ann@example.com> <bob@example.com>',
    'Ann, x@y.z <ann@example.com>',
    'ann@exa mple.com',
    'ann@[127.0.0.1]',
    '@relay.example:ann@example.com',
    `${'a'.repeat(65)}@example.com`,
  ])('refuses %j', async (address) => {
    for (const more of [{ to: [address] }, { from: address }, { replyTo: address || ' ' }, { cc: [address] }, { bcc: [address] }])
      await expect(send({ ...message, ...more })).rejects.toMatchObject({ kind: 'input' })
  })

  it('refuses a subject of more than one line', async () => {
    for (const subject of ['a\nb', 'a\rb', 'a\0b', 'a\u2028b', 'a\u0085b', 'x'.repeat(401)])
      await expect(send({ ...message, subject })).rejects.toMatchObject({ kind: 'input' })
  })
})

it('a server without a sender is a mistake of the configuration', () => {
  expect(() => parseConfig({ STACKHOLD_SMTP_URL: 'smtp://mail.example.com' })).toThrow('STACKHOLD_MAIL_FROM must be set')
  expect(() => parseConfig({ STACKHOLD_SMTP_URL: 'https://mail.example.com', STACKHOLD_MAIL_FROM: 'a@b.c' })).toThrow('STACKHOLD_SMTP_URL')
})
