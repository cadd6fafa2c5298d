/** Lists of networks in CIDR notation: an address is compared as a number, never as text (CVE-2025-68949). */
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = readonly [base: Address, bits: number]

export interface IpLists {
  /** Only these may come; empty = everyone. */
  readonly allow: readonly string[]
  /** These may not, whatever `allow` says. */
  readonly deny: readonly string[]
}

/** Leading zeros are octal to some and decimal to others, short forms fill up differently: neither is an address here. */
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const slash = /^([^/]+)(?:\/(\d{1,3}))?$/

/** An address as a number; one of IPv4 inside IPv6 is that of IPv4. Null when it is none. A zone (`%eth0`) does not count. */
function parseAddress(text: string): Address | null {
  if (ipv4.test(text)) return ipaddr.IPv4.parse(text)
  const bare = text.split('%', 1)[0] ?? ''
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return null
  const dotted = bare.slice(bare.lastIndexOf(':') + 1)
  // `::10.0.0.1` is a form that was given up, and not that address.
  if (dotted.includes('.') && (!ipv4.test(dotted) || bare === `::${dotted}`)) return null
  const address = ipaddr.IPv6.parse(bare)
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/** What is wrong with an entry of a list; null when nothing is. */
export const problemOfNetwork = (text: string): string | null => (parseNetwork(text) === null ? `"${text}" is not an address or a network.` : null)

function parseNetwork(text: string): Network | null {
  const [, name = '', length] = slash.exec(text) ?? []
  if (name.includes('%')) return null
  const base = parseAddress(name)
  if (base === null) return null
  const width = base.kind() === 'ipv4' ? 32 : 128
  if (length === undefined) return [base, width]
  // The network of a mapped address is written in 128 bits.
  const bits = Number(length) - (name.includes(':') && width === 32 ? 96 : 0)
  return bits >= 0 && bits <= width && /^(?:0|[1-9]\d*)$/.test(length) ? [base, bits] : null
}

/** Whether an address may come. An address that is none may not. Entries that are no networks match nothing, which closes an `allow` and is refused when it is saved. */
export function compileIpLists(lists: IpLists): ((ip: string) => boolean) | null {
  if (lists.allow.length === 0 && lists.deny.length === 0) return null
  const parse = (texts: readonly string[]): Network[] => texts.map(parseNetwork).filter((network) => network !== null)
  const [allow, deny] = [parse(lists.allow), parse(lists.deny)]
  // A deny entry that says nothing could have been meant for anyone.
  const broken = deny.length !== lists.deny.length
  const open = lists.allow.length === 0
  const matches = (address: Address, [base, bits]: Network): boolean => {
    if (address.kind() === 'ipv4') return base.kind() === 'ipv4' && (address as ipaddr.IPv4).match(base as ipaddr.IPv4, bits)
    return base.kind() === 'ipv6' && (address as ipaddr.IPv6).match(base as ipaddr.IPv6, bits)
  }
  return (ip) => {
    const address = parseAddress(ip)
    if (address === null || broken || deny.some((network) => matches(address, network))) return false
    return open || allow.some((network) => matches(address, network))
  }
}
