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

export const add = (a: number, b: number): number => (Number.isSafeInteger(a) && Number.isSafeInteger(b) ? a + b : sum([a, b]))
export const subtract = (a: number, b: number): number => add(a, -b)

export function multiply(a: number, b: number): number {
  if ((Number.isInteger(a) && Number.isInteger(b)) || !Number.isFinite(a) || !Number.isFinite(b)) return a * b + 0
  const [x, y] = [toDecimal(a), toDecimal(b)]
  return toNumber(x.digits * y.digits, x.scale + y.scale)
}

/** Real division: 0.6 / 3 is 0.2. The divisor is not 0. */
export function divide(a: number, b: number): number {
  if (Number.isInteger(a) && Number.isInteger(b)) return a / b + 0
  const [x, y] = [toDecimal(a), toDecimal(b)]
  const extra = 40 + String(y.digits).length
  return toNumber((x.digits * 10n ** BigInt(extra + y.scale)) / y.digits, x.scale + extra)
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
