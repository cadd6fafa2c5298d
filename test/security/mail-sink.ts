/** A mail server on loopback that keeps what it is given. */
import { SMTPServer } from 'smtp-server'

export interface ReceivedMail {
  /** Of the envelope. */
  recipients: string[]
  /** As it came over the wire. */
  raw: string
  header(name: string): string | undefined
  /** Decoded text of a mail of one part. */
  text: string
}

export interface MailSink {
  url: string
  mails: ReceivedMail[]
  /** Waits for the next mail to an address, and takes it out. Throws after two seconds. */
  next(recipient: string): Promise<ReceivedMail>
  /** Takes mails no longer: the connection hangs. */
  close(): Promise<void>
}

export async function startMailSink({ delayMs = 0 } = {}): Promise<MailSink> {
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const recipients = session.envelope.rcptTo.map(({ address }) => address)
        mails.push(readMail(Buffer.concat(parts).toString('utf8'), recipients))
        setTimeout(done, delayMs)
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    async next(recipient) {
      for (let turn = 0; turn < 200; turn++) {
        const at = mails.findIndex((mail) => mail.recipients.includes(recipient))
        if (at >= 0) return mails.splice(at, 1)[0] as ReceivedMail
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error(`No mail to ${recipient}; there are mails to ${mails.flatMap((mail) => mail.recipients).join(', ')}.`)
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

function readMail(raw: string, recipients: string[]): ReceivedMail {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  const header = (name: string): string | undefined =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      ?.slice(name.length + 1)
      .trim()
  const body = rest.join('\r\n\r\n')
  const text = header('content-transfer-encoding') === 'quoted-printable' ? unquote(body) : body
  return { recipients, raw, header, text: text.trim() }
}

const unquote = (body: string): string =>
  body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
