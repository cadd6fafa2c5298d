/** Where a request says it comes from and goes to. */
import { type Attack, json, list, member, NotTried, type Trial } from './attack.js'

const forged: readonly (readonly [name: string, value: string])[] = [
  ['X-Forwarded-For', '6.6.6.6'],
  ['X-Real-IP', '6.6.6.6'],
  ['X-Client-IP', '6.6.6.6'],
  ['CF-Connecting-IP', '6.6.6.6'],
  ['True-Client-IP', '6.6.6.6'],
  ['Forwarded', 'for=6.6.6.6;host=attacker.example;proto=https'],
  ['X-Forwarded-Host', 'attacker.example'],
  ['X-Forwarded-Proto', 'gopher'],
  ['X-Forwarded-Port', '444'],
  ['X-Host', 'attacker.example'],
  ['X-Original-Host', 'attacker.example'],
  ['Host', 'attacker.example'],
]

/** Whether the settings make this machine a proxy that may speak for others; not when they believe everybody. */
async function isBelieved({ meta, stage }: Trial): Promise<boolean> {
  const report = json(await meta('GET', `/workspace/${stage.workspace}/security/report`))
  const line = list(member(report, 'lines')).find((one) => member(one, 'id') === 'C17')
  const evidence = list(member(line, 'evidence')).join(' ')
  return /proxies believed: (?!true|false)/.test(evidence)
}

const proxies: Attack = {
  id: 'A10',
  title: 'Forged headers of proxies',
  advisories: ['CVE-2026-3635', 'CVE-2026-16732', 'GHSA-3529-5m8x-rpv3'],
  async run(trial) {
    const { send, check, control } = trial
    if (await isBelieved(trial)) throw new NotTried('This machine is a proxy that the server believes: it may say who is calling.')
    const plain = await send({ to: 'facts' })
    control(plain, 'the address of the caller', plain.status === 200 && typeof member(json(plain), 'ip') === 'string')
    for (const one of forged) {
      const reply = await send({ to: 'facts', headers: [one] })
      check(reply, 'address and links as without the header', [200, 400].includes(reply.status) && (reply.status === 400 || reply.text === plain.text))
    }
  },
}

const lookalikes = (email: string): string[] => {
  const [name = '', domain = ''] = email.split('@')
  return [
    `${name.replace('i', '\u0131')}@${domain}`,
    `${name.replace('a', '\u0430')}@${domain}`,
    `${name.replace('l', '\uff4c')}\u200b@${domain}`,
    `${name}@${domain.replace('e', '\u0435')}`,
    `${name}@${domain}\r\nBcc: attacker@example.com`,
    `${name}@${domain},attacker@example.com`,
    `${name}@${domain}%0aattacker@example.com`,
  ]
}

const resetPoisoning: Attack = {
  id: 'A16',
  title: 'Links and mails led elsewhere',
  advisories: ['GHSA-3529-5m8x-rpv3', 'CVE-2024-27295'],
  async run({ send, check, control, stage: { alice } }) {
    const plain = await send({ to: 'facts' })
    for (const host of ['attacker.example', 'attacker.example:80', '127.0.0.1:1', 'localhost@attacker.example', 'attacker.example/'])
      for (const name of ['Host', 'X-Forwarded-Host']) {
        const reply = await send({ to: 'facts', headers: [[name, host]] })
        check(
          reply,
          'links to the configured address',
          reply.status === 400 || (reply.status === 200 && member(json(reply), 'base') === member(json(plain), 'base')),
        )
      }
    const known = await send({ to: 'find', method: 'POST', body: { email: ` ${alice.email.toUpperCase()} ` } })
    control(known, 'Alice is found by her own address', known.status === 200 && json(known) === true)
    for (const email of lookalikes(alice.email)) {
      const reply = await send({ to: 'find', method: 'POST', body: { email } })
      check(reply, 'nobody, or refused', reply.status === 400 || (reply.status === 200 && json(reply) === false))
    }
  },
}

export const proxyAttacks: readonly Attack[] = [proxies, resetPoisoning]
