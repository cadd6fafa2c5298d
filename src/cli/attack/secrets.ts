/** Secrets that stay behind: in the request history, in answers, in URLs. */
import { randomBytes } from 'node:crypto'
import { type Attack, json, list, member } from './attack.js'

const leaks: Attack = {
  id: 'A31',
  title: 'Secrets in history, answers and URLs',
  advisories: ['CVE-2025-53886', 'CVE-2024-47822', 'CVE-2026-39943', 'CVE-2026-65589', 'CVE-2021-46440'],
  async run({ send, meta, check, control, stage: { workspace, tables, alice } }) {
    const canary = `Cc3#${randomBytes(12).toString('base64url')}`
    const wrong = await send({ to: 'password', method: 'POST', token: alice.token, body: { password: 'short', note: canary, token: canary } })
    check(wrong, 'a refusal that does not repeat the password', wrong.status === 400 && !wrong.text.includes('short'))
    const asked = await send({ to: `me?token=${alice.token}`, headers: [['Cookie', `session=${canary}`]] })
    check(asked, '401: no token is read from a URL', asked.status === 401 && !asked.text.includes(alice.token))
    const row = await meta('GET', `/workspace/${workspace}/table/${tables['account']}/content/${alice.id}`)
    control(row, "Alice's row", row.status === 200 && row.text.includes(alice.email))
    check(row, 'a row without its password', !/\$argon2|\$2[aby]\$/.test(row.text) && !row.text.includes(alice.password))
    const history = await meta('GET', `/workspace/${workspace}/request_history?per_page=500&include_output=true`)
    const kept = list(member(json(history), 'items'))
    check(history, 'a history without passwords, tokens and cookies', ![canary, alice.token, alice.password].some((secret) => history.text.includes(secret)))
    if (kept.length > 0) control(history, 'which holds the requests themselves', history.text.includes('/password'))
  },
}

export const secretAttacks: readonly Attack[] = [leaks]
