/** Nothing a caller sends decides where a mail goes or where its link leads (Supabase GHSA-3529-5m8x-rpv3; Directus CVE-2024-27295). */
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { appUrl, type SignIn, startSignIn } from './sign-in.js'

let app: SignIn
beforeAll(async () => {
  app = await startSignIn()
  await app.customer('mike@example.com')
}, 60_000)
afterAll(() => app.close())

const forgot = (email: string, headers: Record<string, string> = {}) => app.post('password/forgot', { email }, { headers })

it.each([
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-Proto', 'http'],
  ['X-Host', 'evil.example'],
  ['X-Original-URL', 'https://evil.example/'],
  ['Forwarded', 'host=evil.example;proto=http'],
  ['Origin', 'https://evil.example'],
  ['Referer', 'https://evil.example/'],
])('%s changes no link', async (name, value) => {
  expect((await forgot('mike@example.com', { [name]: value })).status).toBe(200)
  const mail = await app.mails.next('mike@example.com')
  expect(mail.text).toContain(`${appUrl}/reset-password#token=`)
  expect(mail.raw).not.toContain('evil')
})

it.each(['evil.example', 'app.example.com@evil.example', 'evil.example:443'])('Host: %s changes no link', async (host) => {
  const body = JSON.stringify({ email: 'mike@example.com' })
  const url = new URL(app.server.url)
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () =>
      socket.write(
        `POST /api:customers/auth/password/forgot HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      ),
    )
    let text = ''
    socket.on('data', (part) => {
      text += part.toString()
    })
    socket.on('end', () => resolve(text)).on('error', reject)
  })
  // A host that is no host may be refused; what is answered must not lead astray.
  if (!answer.startsWith('HTTP/1.1 200')) {
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d/)
    return
  }
  const mail = await app.mails.next('mike@example.com')
  expect(mail.text).toContain(`${appUrl}/reset-password#token=`)
  expect(mail.raw).not.toContain('evil')
})

it.each([
  'mıke@example.com',
  'miKe@example.com'.replace('K', '\u212A'),
  'míke@example.com',
  'mike@exämple.com',
  'ｍike@example.com',
  'mike@example.com.evil.example',
])('who looks like somebody gets no mail: %s', async (email) => {
  const answer = await forgot(email)
  expect([200, 400]).toContain(answer.status)
  await forgot('mike@example.com')
  await app.mails.next('mike@example.com')
  // Whatever spelling finds the account, the mail went to the stored address.
  expect(app.mails.mails.flatMap((mail) => mail.recipients).filter((recipient) => recipient !== 'mike@example.com')).toEqual([])
  app.mails.mails.length = 0
})

it.each([
  'mike@example.com\r\nBcc: evil@example.com',
  'mike@example.com,evil@example.com',
  'mike@example.com\0evil@example.com',
  '"mike@example.com\nBcc:"@evil.example',
])('an address that is more than one is refused: %j', async (email) => {
  expect((await forgot(email)).status).toBe(400)
  expect(app.mails.mails.filter((mail) => mail.raw.includes('evil'))).toEqual([])
})

it('mails of builders cannot carry headers either', async () => {
  await app.server.pushText(`query "mail" verb=POST {
  api_group = "customers"
  public = "A test."
  input {
    text to
    text subject
    text message
    text reply_to?=""
  }
  stack {
    util.send_email {
      service_provider = "xano"
      to = $input.to
      subject = $input.subject
      message = $input.message
      reply_to = $input.reply_to
    } as $sent
  }
  response = $sent
}`)
  const send = (body: object) => app.server.call('POST', '/api:customers/mail', { body: { to: 'a@example.com', subject: 's', message: 'm', ...body } })
  for (const body of [
    { subject: 'Hello\r\nBcc: evil@example.com' },
    { subject: 'Hello\u2028there' },
    { to: 'a@example.com\r\nBcc: evil@example.com' },
    { to: 'a@example.com, evil@example.com' },
    { to: 'group: a@example.com, evil@example.com;' },
    { to: 'a@example.com(comment)' },
    { reply_to: 'a@example.com\nX: y' },
    { to: '' },
  ])
    expect([body, (await send(body)).status]).toEqual([body, 400])
  expect(app.mails.mails.filter(({ recipients }) => !recipients.includes('mike@example.com'))).toEqual([])
  expect((await send({ to: 'Ann Lee <ann@example.com>', subject: 'Grüße', message: 'Line\r\nBcc: evil@example.com\r\n\r\n.\r\nend' })).status).toBe(200)
  const mail = await app.mails.next('ann@example.com')
  expect(mail.recipients).toEqual(['ann@example.com'])
  expect([mail.header('bcc'), mail.header('from')]).toEqual([undefined, 'Shop <shop@example.com>'])
  expect(mail.text).toContain('end')
})
