import { describe, expect, it } from 'vitest'
import { toPlain } from '../../src/lib/value.js'
import { loadPlaces, noPlaces, parsePlaces } from '../../src/services/geoip.js'

const csv = `network,country_code,country_name,city_name,latitude,longitude
10.0.0.0/8,XX,Around,,1,2
10.1.0.0/16,XY,"Inner, quoted","Town ""A""",,
10.1.2.3/32,XZ,Single,,,
198.51.100.0/24,DE,Germany,Berlin,52.5,13.4
2001:db8::/32,FR,France,Paris,48.8,2.3
`
const places = parsePlaces(csv)
const country = (address: string): unknown => (toPlain(places.find(address)) as { country: { code: string } } | null)?.country.code ?? null

describe('places of addresses', () => {
  it('are those of the narrowest network around the address', () => {
    expect(['10.200.0.1', '10.1.9.9', '10.1.2.3', '10.1.2.4', '198.51.100.255', '2001:db8:1::5', '::ffff:198.51.100.7'].map(country)).toEqual([
      'XX',
      'XY',
      'XZ',
      'XY',
      'DE',
      'FR',
      'DE',
    ])
  })

  it('are null outside every network and for what is no address', () => {
    expect(['9.255.255.255', '11.0.0.0', '198.51.101.0', '2001:db9::1', '::1', '', 'x', '10.1.2', '10.1.2.300'].map(country)).toEqual(Array(9).fill(null))
    expect(noPlaces.find('10.1.2.3')).toBeNull()
  })

  it('have the shape programs expect, unknown leaves null', () => {
    expect(toPlain(places.find('198.51.100.1'))).toEqual({
      continent: { code: null, name: null },
      country: { code: 'DE', name: 'Germany' },
      region: { code: null, name: null },
      city: { name: 'Berlin' },
      postal: { code: null },
      location: { latitude: 52.5, longitude: 13.4, tz: null, radius: null },
    })
    expect(toPlain(places.find('10.1.0.1'))).toMatchObject({ country: { name: 'Inner, quoted' }, city: { name: 'Town "A"' }, location: { latitude: null } })
  })

  it('come from a file that says what is wrong with it', () => {
    expect(() => parsePlaces('a,b\n1,2')).toThrow(/no column "network"/)
    expect(() => parsePlaces('network\n10.0.0.0/8\n10.0.0.0/40')).toThrow('geoip: line 3 has no network: 10.0.0.0/40')
    expect(() => loadPlaces('/nowhere/geo.csv')).toThrow(/STACKHOLD_GEOIP names a file that cannot be read/)
  })
})
