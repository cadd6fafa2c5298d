/** Whether an address is this machine's: nobody else's server is attacked from here. */
import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { AppError } from '../../errors.js'
import type { Origin } from './wire.js'

const ownAddresses = (): Set<string> =>
  new Set(
    Object.values(networkInterfaces())
      .flat()
      .flatMap((one) => (one === undefined ? [] : [one.address])),
  )

const isLoopbackAddress = (address: string): boolean => /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address === '::1'

/** Throws AppError `fatal` for an address that is neither loopback nor one of this machine's network interfaces. */
export async function ownOrigin(text: string): Promise<Origin> {
  const hint = 'Run it on the machine of the server, for example with --url http://127.0.0.1:8686'
  if (!URL.canParse(text)) throw new AppError('fatal', `"${text}" is not an address.`, { hint })
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new AppError('fatal', `"${text}" is not an address of HTTP.`, { hint })
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const found = await lookup(host, { all: true }).catch(() => [])
  const own = ownAddresses()
  const strangers = found.filter(({ address }) => !isLoopbackAddress(address) && !own.has(address))
  const [first] = found
  if (first === undefined || strangers.length > 0)
    throw new AppError('fatal', `${text} is not this machine: attacks are for your own instance, from its own machine.`, { hint })
  const tls = url.protocol === 'https:'
  return { host: url.hostname, address: first.address, port: Number(url.port) || (tls ? 443 : 80), tls }
}
