/** Where callers are. */
import { fatal } from '../errors.js'
import { toText } from '../runtime/convert.js'
import { defineStatement } from '../runtime/define.js'

const ipLookup = defineStatement({
  name: 'util.ip_lookup',
  group: 'utility',
  summary: 'Where an IP address is, by the table that STACKHOLD_GEOIP names.',
  args: { value: { type: 'text', summary: 'IPv4 or IPv6 address.', required: true } },
  result:
    'Object {continent: {code, name}, country: {code, name}, region: {code, name}, city: {name}, postal: {code}, location: {latitude, longitude, tz, radius}}; null when unknown.',
  examples: ['util.ip_lookup {\n  value = $env.$remote_ip\n} as $place'],
  run({ value }, { run: { places } }) {
    if (places === undefined) throw fatal('Addresses cannot be looked up here: this run was given no table of places.')
    return places.find(toText(value ?? null))
  },
})

export const placeStatements = [ipLookup]
