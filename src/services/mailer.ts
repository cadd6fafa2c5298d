/**
 * Mails over SMTP; without a mail server they are shown in the log in development and refused in production. Addresses and subjects are
 * checked before anything is built from them: one address is one address, and nothing contains a line break.
 */
import { domainToASCII } from 'node:url'
import nodemailer from 'nodemailer'
import { AppError, inputError } from '../errors.js'
import type { Mail, MailMessage } from '../runtime/accounts.js'
import type { Outbound } from './outbound/http.js'
import { sendByResend } from './resend.js'

export interface MailerOptions {
  /** `smtp://user:password@host:587` or `smtps://…`; absent: there is no mail server. */
  url?: string | undefined
  /** Sender of mails that name none. */
  from?: string | undefined
  outbound: Pick<Outbound, 'send'>
  /** Where Resend is; for tests. */
  resendUrl?: string
  /** Shows mails that cannot be sent; absent: they are refused. */
  show?: (mail: MailMessage & { from: string }) => void
}

export interface Mailer extends Mail {
  close(): void
}

const sendTimeoutMs = 10_000

export function createMailer({ url, from, show, outbound, resendUrl = 'https://api.resend.com/emails' }: MailerOptions): Mailer {
  const transport = url === undefined ? null : createTransport(new URL(url))
  return {
    async send(message) {
      const mail = checkMessage(message, from ?? (transport === null ? 'stackhold@localhost' : undefined))
      if (transport === null) {
        if (show === undefined) throw new AppError('unavailable', 'No mail server is configured.', { hint: 'Set STACKHOLD_SMTP_URL and STACKHOLD_MAIL_FROM.' })
        show(mail)
        return { id: '' }
      }
      try {
        const sent = await transport.sendMail({ ...mail, to: [...mail.to], cc: [...(mail.cc ?? [])], bcc: [...(mail.bcc ?? [])] })
        return { id: sent.messageId }
      } catch (error) {
        throw new AppError('unavailable', 'The mail server did not take the mail.', { cause: error, detail: error instanceof Error ? error.message : '' })
      }
    },
    sendByResend: async (message, options) => sendByResend(outbound, resendUrl, checkMessage(message, from), options),
    close: () => transport?.close(),
  }
}

/** TLS from the first byte (smtps) or by STARTTLS; only a server on this machine may do without. */
function createTransport(url: URL) {
  const secure = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const user = decodeURIComponent(url.username)
  return nodemailer.createTransport({
    pool: true,
    maxConnections: 3,
    host,
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && !isLocal(host),
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: sendTimeoutMs,
    greetingTimeout: sendTimeoutMs,
    socketTimeout: sendTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
}

const isLocal = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host)

function checkMessage(message: MailMessage, standardFrom: string | undefined): MailMessage & { from: string } {
  const from = message.from ?? standardFrom
  if (from === undefined) throw inputError('from', 'The mail has no sender.')
  if (message.to.length === 0) throw inputError('to', 'The mail has no recipient.')
  assertLine('subject', message.subject, 400)
  const addresses: [string, readonly string[]][] = [
    ['from', [from]],
    ['to', message.to],
    ['cc', message.cc ?? []],
    ['bcc', message.bcc ?? []],
    ['reply_to', message.replyTo === undefined ? [] : [message.replyTo]],
  ]
  for (const [name, list] of addresses) for (const address of list) assertAddress(name, address)
  return { ...message, from }
}

function assertLine(name: string, text: string, max: number): void {
  if (text.length > max || /[\p{Cc}\u2028\u2029]/u.test(text)) throw inputError(name, `Input "${name}" must be one line of at most ${max} characters.`)
}

const withName = /^(?:"[^"<>\\]*"|[^"<>,;:@\\]*)\s*<([^<>]*)>$/u
const bare = /^[^\s"(),:;<>@[\\\]]{1,64}@([^\s"(),:;<>@[\\\]]{1,253})$/u

/** Exactly one address: what a list, a group, a comment or a route would be to a mail server is refused. */
function assertAddress(name: string, text: string): void {
  assertLine(name, text, 400)
  const [, domain] = bare.exec(withName.exec(text)?.[1] ?? text) ?? []
  if (domain === undefined || domainToASCII(domain) === '') throw inputError(name, `Input "${name}" must be one e-mail address.`)
}
