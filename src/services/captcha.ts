/** An external verifier of CAPTCHA tokens, as hCaptcha, Turnstile and reCAPTCHA answer: POST `secret`, `response`, `remoteip`; JSON with `success`. */
import type { Outbound } from './outbound/http.js'

export interface Captcha {
  /** Whether the verifier takes the token. Whatever goes wrong with it is a no. */
  verify(token: string, ip: string): Promise<boolean>
}

const timeoutMs = 5_000

export function createCaptcha(
  outbound: Pick<Outbound, 'send'>,
  { url, secret }: { url: string; secret: string },
  onError: (error: unknown) => void = () => {},
): Captcha {
  return {
    async verify(token, ip) {
      try {
        const { status, body } = await outbound.send({
          url,
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
          body: new URLSearchParams({ secret, response: token, remoteip: ip }).toString(),
          timeoutMs,
          redirects: 0,
        })
        const answer: unknown = status === 200 ? JSON.parse(body.toString('utf8')) : null
        return typeof answer === 'object' && answer !== null && 'success' in answer && answer.success === true
      } catch (error) {
        onError(error)
        return false
      }
    },
  }
}
