/**
 * Which addresses this server may connect to on behalf of builders. Public ones, and what the operator lists; never this machine, its
 * networks or the metadata services of clouds. Names are resolved here and every address is looked at, at the moment of connecting, so that
 * a name that changes its mind gains nothing.
 */
import { lookup as resolveName } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { AppError } from '../errors.js'

export interface Address {
  address: string
  family: 4 | 6
}

export interface Egress {
  /** Throws AppError `accessDenied` for an address that may not be reached; `host` is the name it was found under. */
  checkAddress(address: string, host?: string): void
  /** The addresses of a name or literal, every one of them checked. Throws AppError `accessDenied`, or `fatal` when the name is unknown. */
  resolve(host: string): Promise<Address[]>
  /** The same as sockets ask for it. A socket asks for names only: check literals with {@link Egress.checkAddress}. */
  readonly lookup: LookupFunction
}

export interface EgressOptions {
  /** Networks (`10.1.0.0/16`), addresses and host names that may be reached although they are not public. */
  allow?: readonly string[]
  /** Instead of the resolver of the system. */
  resolver?(host: string): Promise<Address[]>
}

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Throws AppError `fatal` naming an entry of the list that is neither a network nor a name. */
export function createEgress({ allow = [], resolver = resolveAll }: EgressOptions = {}): Egress {
  const { networks, hosts } = readAllowList(allow)

  const checkAddress: Egress['checkAddress'] = (address, host = address) => {
    if (hosts.has(hostKey(host))) return
    const ip = parseAddress(address)
    if (ip === null || !(isPublic(ip) || networks.some((network) => contains(network, ip)))) throw refusal(host)
  }

  const resolve: Egress['resolve'] = async (host) => {
    const name = hostKey(host)
    if (ipaddr.isValid(name) || looksNumeric(name)) {
      checkAddress(name)
      return [{ address: name, family: name.includes(':') ? 6 : 4 }]
    }
    const found = await resolver(name)
    for (const { address } of found) checkAddress(address, name)
    if (found.length === 0) throw unknownName()
    return found
  }

  return {
    checkAddress,
    resolve,
    lookup(host, options, callback) {
      resolve(host).then(
        (found) => {
          const wanted = options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 || options.family === 'IPv6' ? 6 : 0
          const usable = wanted === 0 ? found : found.filter(({ family }) => family === wanted)
          const [first] = usable
          if (options.all === true) callback(null, usable)
          else if (first === undefined) callback(unknownName(), '')
          else callback(null, first.address, first.family)
        },
        (error: Error) => callback(error, ''),
      )
    },
  }
}

/** For people: the address itself is not told, because it may be part of what the name was to hide. */
const refusal = (host: string): AppError =>
  new AppError('accessDenied', `This server does not connect to "${host}": it is not a public address.`, {
    hint: 'The operator allows private networks and hosts by STACKHOLD_EGRESS_ALLOW.',
  })

const unknownName = (cause?: unknown): AppError =>
  new AppError('fatal', 'The name of the host cannot be resolved.', { hint: 'Check its spelling.', ...(cause === undefined ? {} : { cause }) })

async function resolveAll(host: string): Promise<Address[]> {
  try {
    return (await resolveName(host, { all: true })).map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
  } catch (error) {
    throw unknownName(error)
  }
}

/** Only what is handed out to the public; of IPv6 that is 2000::/3 without its tunnels and reserved parts. */
function isPublic(ip: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (ip.range() !== 'unicast') return false
  return ip instanceof ipaddr.IPv4 || ip.match(globalIpv6)
}
const globalIpv6 = ipaddr.IPv6.parseCIDR('2000::/3')

const contains = ([network, bits]: Network, ip: ipaddr.IPv4 | ipaddr.IPv6): boolean => network.kind() === ip.kind() && ip.match([network, bits] as never)

/** In the usual form only: octal, hexadecimal and shortened forms mean different things to different readers. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  return ipaddr.IPv6.isValid(text) && !text.includes('%') ? ipaddr.IPv6.parse(text) : null
}

/** A host whose last part is a number is an address to resolvers, however odd. */
const looksNumeric = (host: string): boolean => /(?:^|\.)(?:0x[0-9a-f]*|\d+)$/i.test(host)

const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
const hostKey = (host: string): string => bareHost(host).toLowerCase()

function readAllowList(allow: readonly string[]): { networks: Network[]; hosts: Set<string> } {
  const networks: Network[] = []
  const hosts = new Set<string>()
  for (const entry of allow) {
    const ip = parseAddress(entry)
    if (ip !== null) networks.push([ip, ip.kind() === 'ipv4' ? 32 : 128])
    else if (ipaddr.isValidCIDR(entry)) networks.push(ipaddr.parseCIDR(entry))
    else if (/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(entry) && !looksNumeric(entry)) hosts.add(hostKey(entry))
    else
      throw new AppError('fatal', `STACKHOLD_EGRESS_ALLOW contains "${entry}"`, { hint: 'Use networks (10.1.0.0/16), addresses and host names, with commas.' })
  }
  return { networks, hosts }
}
