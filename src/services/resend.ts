/** Mails through the HTTP interface of Resend (https://resend.com/docs/api-reference/emails/send-email). */
import { fatal } from '../errors.js'
import { isObj, type Value } from '../lib/value.js'
import type { MailMessage, ResendOptions } from '../runtime/accounts.js'
import { parseJson } from '../runtime/serialize.js'
import type { Outbound } from './outbound/http.js'

type ReadyMail = MailMessage & { from: string }

/** Throws AppError `fatal` with the message of the service when it refuses. */
export async function sendByResend(outbound: Pick<Outbound, 'send'>, url: string, mail: ReadyMail, { apiKey, scheduledAt }: ResendOptions): Promise<Value> {
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw fatal('The provider resend needs an api_key.', { hint: 'Pass a workspace variable, such as $env.RESEND_API_KEY.' })
  const { status, body } = await outbound.send({
    url,
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'user-agent': 'stackhold' },
    body: JSON.stringify({
      from: mail.from,
      to: mail.to,
      subject: mail.subject,
      ...(mail.html === undefined ? { text: mail.text } : { html: mail.html, ...(mail.text === '' ? {} : { text: mail.text }) }),
      ...(mail.cc === undefined || mail.cc.length === 0 ? {} : { cc: mail.cc }),
      ...(mail.bcc === undefined || mail.bcc.length === 0 ? {} : { bcc: mail.bcc }),
      ...(mail.replyTo === undefined ? {} : { reply_to: mail.replyTo }),
      ...(scheduledAt === undefined ? {} : { scheduled_at: new Date(scheduledAt).toISOString() }),
    }),
    redirects: 0,
  })
  const answer = readJson(body.toString('utf8'))
  if (status >= 200 && status < 300) return answer
  const message = isObj(answer) ? answer.get('message') : null
  throw fatal(`Resend refused the mail (${status}): ${typeof message === 'string' ? message : 'no reason given'}`)
}

function readJson(text: string): Value {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}
