/** How a column or input type describes itself; shared code asks the type and never names it. */
import { type Json, unmarked, type Value } from '../lib/value.js'

/** A value that the type refuses; the message says why and names the input. */
export class Invalid {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}
/** A value the type accepts, or why not. Not thrown: refusing is the normal course when comparing columns. */
export type Coerced = Value | Invalid

export interface CoerceContext {
  /** Name of the input or column, for messages. */
  name: string
  /** Epoch milliseconds, for relative times. */
  now: number
  /** The value comes from the program, not from a caller: text is never decoded as JSON. */
  program?: boolean
}

/** What the options block of a field says to its type. */
export interface TypeOptions {
  values?: readonly string[]
  size?: number
}

/** How values rest in a column. */
export interface ColumnStorage {
  /** Type of a single value. */
  sqlType: string
  /** A list is a native array of `sqlType`; otherwise it is one jsonb array. */
  array: boolean
  /** Value, never null, as parameter text of the driver. */
  encode(value: Value): unknown
  /** Value, never null, as a member of a JSON document that Postgres turns into rows. */
  encodeJson(value: Value): Json
  /** A value of the driver, never null; absent when the driver's value is already one. */
  decode?(raw: unknown): Value
}

export interface FieldType {
  name: string
  aliases?: readonly string[]
  summary: string
  /** What a row or `$input` holds when nothing was given and null is not accepted; null when the type has no empty value. */
  empty: Value
  /** `""` counts as missing for a required field; other types read `""` as absent. */
  textual?: true
  /** `value` is never null. */
  coerce(value: Value, context: CoerceContext, options: TypeOptions): Coerced
  /** Values are kept as they are; for the other types `coerce` sees a decimal without a fraction as its number. */
  keepsValues?: true
  /** Absent for types that exist only as inputs. */
  column?: ColumnStorage
  /** JSON Schema of one value, for OpenAPI. */
  jsonSchema(options: TypeOptions): { [key: string]: Json }
}

export const defineFieldType = (type: FieldType): FieldType =>
  type.keepsValues ? type : { ...type, coerce: (value, context, options) => type.coerce(unmarked(value), context, options) }

/** `Input "age" is not an int.` */
export const isNot = (context: CoerceContext, what: string): Invalid => new Invalid(`Input "${context.name}" is not ${what}.`)
