/** Decimal arithmetic on the shortest text of a number: 0.1 + 0.2 is 0.3 and 1.005 rounds to 1.01, as people write it. */

/** `digits` × 10^-`scale`. */
interface Decimal {
  digits: bigint
  scale: number
}

function toDecimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).split('e')
  const point = mantissa.indexOf('.')
  const decimals = point < 0 ? 0 : mantissa.length - point - 1
  const scale = decimals - Number(exponent)
  const digits = BigInt(point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1))
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale }
}

const toNumber = (digits: bigint, scale: number): number => (scale === 0 ? Number(digits) : Number(`${digits}e${-scale}`))
const raise = (value: Decimal, scale: number): bigint => (scale === value.scale ? value.digits : value.digits * 10n ** BigInt(scale - value.scale))

function sumDecimal(values: readonly number[]): Decimal {
  let total: Decimal = { digits: 0n, scale: 0 }
  for (const value of values) {
    const next = toDecimal(value)
    const scale = Math.max(total.scale, next.scale)
    total = { digits: raise(total, scale) + raise(next, scale), scale }
  }
  return total
}

/** Sum without binary noise. Finite numbers only. */
export function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) {
    total += value
    if (!Number.isSafeInteger(value) || !Number.isSafeInteger(total)) return fromDecimal(sumDecimal(values))
  }
  return total
}
const fromDecimal = (value: Decimal): number => toNumber(value.digits, value.scale)

/** Powers of ten that a number holds exactly, by exponent. */
const powers: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const powerOf = (exponent: number): number => powers[exponent] ?? Number.NaN

/** A double tells every number of 15 digits apart; past them decimal steps would miss numbers that binary ones meet. */
const isShort = (digits: number): boolean => Math.abs(digits) < 1e15

/** Most places after the point that are looked at. */
const mostPlaces = 15

const hasPlaces = (value: number, places: number): boolean => digitsOf(value, places) / powerOf(places) === value

/** The places after the point of a number of up to 15 digits; -1 for a longer one, which is an approximation already. */
function placesOf(value: number): number {
  const size = Math.abs(value)
  let most = mostPlaces
  while (most > 0 && size * powerOf(most) >= 1e15) most--
  if (!hasPlaces(value, most)) return -1
  let places = 0
  while (places < most && !hasPlaces(value, places)) places++
  return places
}

const digitsOf = (value: number, places: number): number => Math.round(value * powerOf(places))

/** Both numbers in units of the finer one, with its places; null when they do not fit 15 digits. */
function aligned(a: number, b: number): { x: number; y: number; places: number } | null {
  const [p, q] = [placesOf(a), placesOf(b)]
  if (p < 0 || q < 0) return null
  const places = Math.max(p, q)
  const x = digitsOf(a, p) * powerOf(places - p)
  const y = digitsOf(b, q) * powerOf(places - q)
  return isShort(x) && isShort(y) ? { x, y, places } : null
}

/** Exact in decimal for numbers of up to 15 digits; longer ones are added as they are. */
export function add(a: number, b: number): number {
  const binary = a + b
  if (Number.isInteger(binary) || !Number.isFinite(binary)) return binary + 0
  const units = aligned(a, b)
  return units && isShort(units.x + units.y) ? (units.x + units.y) / powerOf(units.places) : binary
}

/** Like {@link add}. */
export const subtract = (a: number, b: number): number => add(a, -b)

/** Like {@link add}. */
export function multiply(a: number, b: number): number {
  const binary = a * b
  if (Number.isInteger(binary) || !Number.isFinite(binary)) return binary + 0
  const [p, q] = [placesOf(a), placesOf(b)]
  if (p < 0 || q < 0 || p + q >= powers.length) return binary
  const digits = digitsOf(a, p) * digitsOf(b, q)
  return isShort(digits) ? digits / powerOf(p + q) : binary
}

/** Real division, like {@link add}: 0.6 / 3 is 0.2. The divisor is not 0. */
export function divide(a: number, b: number): number {
  const binary = a / b
  if (Number.isInteger(binary) || !Number.isFinite(binary) || (Number.isInteger(a) && Number.isInteger(b))) return binary + 0
  const units = aligned(a, b)
  return units ? units.x / units.y : binary
}

/** Remainder with the sign of the dividend, like {@link add}. The divisor is not 0. */
export function remainder(a: number, b: number): number {
  if (Number.isInteger(a) && Number.isInteger(b)) return (a % b) + 0
  const units = aligned(a, b)
  return (units ? (units.x % units.y) / powerOf(units.places) : a % b) + 0
}

/** Mean without binary noise; the list is not empty. */
export function mean(values: readonly number[]): number {
  const total = sumDecimal(values)
  const extra = 40
  return toNumber((total.digits * 10n ** BigInt(extra)) / BigInt(values.length), total.scale + extra)
}

/** Rounds halves away from zero; a negative precision rounds before the point. Pre-rounds to 15 digits, as PHP does. */
export function round(value: number, precision: number): number {
  if (precision >= 0 && Number.isInteger(value)) return value
  if (precision > 400) return value
  if (precision < -400) return 0
  const rounded = roundDigits(value, precision)
  return rounded ? toNumber(rounded.digits, rounded.scale) : value
}

/** Null when the value has no more than `precision` decimals. */
function roundDigits(value: number, precision: number): Decimal | null {
  if (toDecimal(value).scale <= precision) return null
  const exact = Number.isInteger(value) ? toDecimal(value) : toDecimal(Number(value.toPrecision(15)))
  if (exact.scale <= precision) return exact
  const unit = 10n ** BigInt(exact.scale - precision)
  const rest = exact.digits % unit
  const sign = exact.digits < 0n ? -1n : 1n
  const digits = exact.digits / unit + (rest * sign * 2n >= unit ? sign : 0n)
  return precision < 0 ? { digits: digits * 10n ** BigInt(-precision), scale: 0 } : { digits, scale: precision }
}

/** Digits before and after the point, rounded to `decimals` (0 or more): `["1234", "50"]`, and whether the rounded value is negative. */
export function toFixedParts(value: number, decimals: number): { negative: boolean; whole: string; fraction: string } {
  const exact = roundDigits(value, decimals) ?? toDecimal(value)
  const digits = raise(exact, Math.max(decimals, exact.scale))
  const text = String(digits < 0n ? -digits : digits).padStart(decimals + 1, '0')
  return { negative: digits < 0n, whole: text.slice(0, text.length - decimals), fraction: decimals ? text.slice(-decimals) : '' }
}
