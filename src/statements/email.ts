/** Sending mails. */
import { fatal } from '../errors.js'
import { isList, isNumber, obj, type Value } from '../lib/value.js'
import type { MailMessage } from '../runtime/accounts.js'
import { toText } from '../runtime/convert.js'
import { type Arguments, defineAsyncStatement } from '../runtime/define.js'

const sendEmail = defineAsyncStatement({
  name: 'util.send_email',
  group: 'utility',
  summary:
    'Sends a mail: through the mail server of this installation (STACKHOLD_SMTP_URL), or through Resend. Without a mail server, development shows it in the log.',
  args: {
    service_provider: { type: 'enum xano|resend', summary: '`xano` is the mail server of this installation.', required: true },
    subject: { type: 'text', summary: 'One line.', required: true },
    message: { type: 'text', summary: 'The mail: HTML when it starts with a tag, else plain text.', required: true },
    api_key: { type: 'text', summary: 'Of Resend.', default: null },
    to: { type: 'text', summary: 'One address, or a list of them.', default: null },
    from: { type: 'text', summary: 'One address; STACKHOLD_MAIL_FROM when absent.', default: null },
    bcc: { type: 'text[]', summary: 'Addresses.', default: null },
    cc: { type: 'text[]', summary: 'Addresses.', default: null },
    reply_to: { type: 'text', summary: 'One address.', default: null },
    scheduled_at: { type: 'timestamp', summary: 'When it is sent; Resend only.', default: null },
  },
  result: '`{id}` of the mail; what Resend answers.',
  examples: ['util.send_email {\n  service_provider = "xano"\n  to = $user.email\n  subject = "Welcome"\n  message = "Hello."\n} as $sent'],
  async run(args, { run: { mail } }) {
    if (mail === undefined) throw fatal('Mails cannot be sent here: this run was given no mail server.')
    const provider = toText(args['service_provider'] ?? null)
    const at = args['scheduled_at'] ?? null
    if (provider === 'resend')
      return mail.sendByResend(messageOf(args), { apiKey: optional(args['api_key']) ?? '', ...(at === null ? {} : { scheduledAt: toTime(at) }) })
    if (provider !== 'xano') throw fatal(`util.send_email: unknown service_provider "${provider}".`, { hint: 'Use xano or resend.' })
    if (at !== null) throw fatal('util.send_email: only the provider resend knows scheduled_at.', { hint: 'Send it from a task.' })
    const { id } = await mail.send(messageOf(args))
    return obj([['id', id]])
  },
})

function messageOf({ subject, message, to, from, cc, bcc, reply_to }: Arguments): MailMessage {
  const text = toText(message ?? null)
  const [sender, reply] = [optional(from), optional(reply_to)]
  return {
    to: listOf(to),
    subject: toText(subject ?? null),
    ...(/^\s*<[a-z!]/i.test(text) ? { html: text, text: '' } : { text }),
    ...(sender === undefined ? {} : { from: sender }),
    ...(reply === undefined ? {} : { replyTo: reply }),
    cc: listOf(cc),
    bcc: listOf(bcc),
  }
}

/** Epoch ms, as timestamps are, or a text that names a moment. */
function toTime(value: Value): number {
  const time = isNumber(value) ? Number(value) : Date.parse(toText(value))
  if (Number.isFinite(time)) return time
  throw fatal('util.send_email: scheduled_at is no timestamp.')
}

const optional = (value: Value | undefined): string | undefined => (value === null || value === undefined || value === '' ? undefined : toText(value))
const listOf = (value: Value | undefined): string[] => (isList(value) ? value.map(toText) : [optional(value)].filter((one) => one !== undefined))

export const emailStatements = [sendEmail]
