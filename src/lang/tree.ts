/**
 * The tree of a XanoScript document. Without positions it is the definition JSON: what Postgres stores and what the
 * API speaks. `at` is the offset in the source text (UTF-16 units); it never reaches storage (see `withoutPositions`).
 * `line` (from 1) stays with a stored statement, input and response so that a runtime error can name the line of the builder's own file.
 */

export interface Node {
  at?: number
}

export type Expr =
  | Text
  | NumberLiteral
  | Constant
  | TimestampLiteral
  | Word
  | Variable
  | Member
  | Index
  | FilterCall
  | Unary
  | Binary
  | Ternary
  | ListLiteral
  | ObjectLiteral
  | Cast
  | Pair

export interface Text extends Node {
  type: 'text'
  value: string
}
/** `text` keeps the spelling (`5.0` stays a decimal); a leading minus belongs to the literal. */
export interface NumberLiteral extends Node {
  type: 'number'
  text: string
}
/** `now` is the timestamp of evaluation. */
export interface Constant extends Node {
  type: 'constant'
  name: 'true' | 'false' | 'null' | 'now'
}
export interface TimestampLiteral extends Node {
  type: 'timestamp'
  text: string
}
/** An unquoted word in value position: text with that spelling. */
export interface Word extends Node {
  type: 'word'
  value: string
}
/**
 * `$name`. `name` is the spelling after the first `$`: `total`, `input`, `$` (for `$$`), `0` (for `$0`), `[-2]` (for `$[-2]`).
 * `$var.total` is read as `$total`.
 */
export interface Variable extends Node {
  type: 'variable'
  name: string
}
/** `object.name`, `object.0`, `object."two words"`, `$env.$remote_ip` (name `$remote_ip`). */
export interface Member extends Node {
  type: 'member'
  object: Expr
  name: string
}
/** `object[index]`. */
export interface Index extends Node {
  type: 'index'
  object: Expr
  index: Expr
}
/** `input|name:arg:arg`; `input` is null for a chain without left operand (`|uuid`). */
export interface FilterCall extends Node {
  type: 'filter'
  input: Expr | null
  name: string
  args: Expr[]
  disabled?: true
}
export interface Unary extends Node {
  type: 'unary'
  op: '!' | '-'
  operand: Expr
}
/** `ignoreNull` is the trailing `?` of a query operator (`==?`). Query operators are spelled as in the text: `not in`, `ilike`, `@>`, `~`. */
export interface Binary extends Node {
  type: 'binary'
  op: string
  left: Expr
  right: Expr
  ignoreNull?: true
}
export interface Ternary extends Node {
  type: 'ternary'
  test: Expr
  then: Expr
  else: Expr
}
export interface ListLiteral extends Node {
  type: 'list'
  items: (Expr | Spread)[]
}
export interface Spread extends Node {
  type: 'spread'
  value: Expr
}
export interface ObjectLiteral extends Node {
  type: 'object'
  entries: (ObjectEntry | ComputedEntry | Spread)[]
}
export interface ObjectEntry extends Node {
  type: 'entry'
  key: string
  value: Expr
}
/** `{$key: value}`. */
export interface ComputedEntry extends Node {
  type: 'computed'
  key: Expr
  value: Expr
}
/** `!int "5"`. */
export interface Cast extends Node {
  type: 'cast'
  to: string
  text: string
}
/** `low:high`, only on the right of `between`. */
export interface Pair extends Node {
  type: 'pair'
  low: Expr
  high: Expr
}

/** `name = value`. */
export interface Attribute extends Node {
  name: string
  value: Expr
  description?: string
}

export interface Statement extends Node {
  /** For example `db.query`, `conditional`, `array.push`. */
  name: string
  /** `!name { … }`: kept, never executed. */
  disabled?: true
  /** Comment lines directly above. */
  description?: string
  /** What stands between the name and the block: names as text, variables, parenthesised expressions; in order. */
  head: Expr[]
  /** `verb=GET`, `dbo=36`. */
  headAttributes: Attribute[]
  /** `array.find $l if (condition)`. */
  condition?: Expr
  args: Attribute[]
  /** `each as $x { … }`, `if (…) { … }`, `stack { … }` in source order. */
  blocks: Block[]
  as?: Target
  /** Line of the statement in the builder's own file, from 1. */
  line?: number
}

export interface Block extends Node {
  /** `stack`, `each`, `if`, `elseif`, `else`, `case`, `default`, `try`, `catch`, `finally`. */
  name: string
  description?: string
  /** Condition of `if`/`elseif`, value of `case`. */
  head?: Expr
  /** Loop variable of `each as $x`, without the `$`. */
  as?: string
  statements: Statement[]
  /** `case (…) { … } break`. */
  breaks?: true
  /** Comment lines after the last statement. */
  trailing?: string
}

/** `as $name.path|filter:1`: filters apply to the result before it is stored, innermost first. */
export interface Target extends Node {
  name: string
  filters: { name: string; args: Expr[]; disabled?: true }[]
}

/** A column, an input, or an entry of an object schema. */
export interface Field extends Node {
  name: string
  type: string
  /** Present on list types; bounds are item counts. */
  list?: { min?: number; max?: number }
  /** `text?`: null is accepted. */
  nullable?: true
  /** `name?`: may be omitted. */
  optional?: true
  default?: Expr
  filters: InputFilter[]
  /** `description`, `sensitive`, `table`, `values`, `size`, `override` … in source order. */
  options: Attribute[]
  /** `schema { … }` of an object. */
  fields?: Field[]
  description?: string
  /** Of an input. */
  line?: number
}

export interface InputFilter extends Node {
  name: string
  args: { text: string; style: 'raw' | 'quoted' | 'regex'; flags?: string }[]
  disabled?: true
}

/** `test "name" { … }`; expectations are statements named `expect.*`. */
export interface TestBlock extends Node {
  name: string
  description?: string
  attributes: Attribute[]
  expectations: Statement[]
}

/** One construct of a document; also the stored definition. Clauses a construct does not have are absent. */
export interface Definition extends Node {
  /** The keyword: `table`, `query`, `function`, `api_group`, … */
  kind: string
  name: string
  description?: string
  /** `verb=GET` of a query. */
  headAttributes: Attribute[]
  /** Every `name = value` of the top level, in source order: `auth`, `api_group`, `cors`, `index`, `guid`, … */
  attributes: Attribute[]
  schema?: Field[]
  input?: Field[]
  output?: Field[]
  stack?: Statement[]
  /** Comment lines after the last statement of the stack. */
  stackTrailing?: string
  response?: Expr & { line?: number }
  tests: TestBlock[]
  /** Comment lines above `schema`, `input`, `output`, `stack` and `response`, by clause. */
  clauseDescriptions?: { [clause: string]: string }
  /** Blocks of attributes: `settings { a = 1 }`, `security { guid = "…" }`. */
  groups: { name: string; attributes: Attribute[]; at?: number }[]
}
