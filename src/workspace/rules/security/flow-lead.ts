/** What a text surely begins with, whatever the rest of it comes from. */
import { constantOf } from '../../../definitions/constant.js'
import type { Expr } from '../../../lang/tree.js'
import { variableName } from './syntax.js'

export interface Lead {
  text: string
  /** It is all of the text. */
  complete: boolean
}

const none: Lead = { text: '', complete: false }
/** Filters that only add behind what they are given, or take away around it. */
const appending = new Set(['concat', 'trim', 'rtrim', 'to_text', 'url_addarg', 'append'])

/** `$env.NAME` stands for itself in the text. */
export function leadOf(expr: Expr, variable: (name: string) => Lead | undefined): Lead {
  const constant = constantOf(expr)
  if (typeof constant === 'string' || typeof constant === 'number') return { text: String(constant), complete: true }
  switch (expr.type) {
    case 'variable':
      return variable(expr.name) ?? none
    case 'member':
      if (variableName(expr.object) === 'input') return variable(`input.${expr.name}`) ?? none
      return variableName(expr.object) === 'env' && !expr.name.startsWith('$') ? { text: `$env.${expr.name}`, complete: true } : none
    case 'binary': {
      if (expr.op !== '~') return none
      const [left, right] = [leadOf(expr.left, variable), leadOf(expr.right, variable)]
      return left.complete ? { text: left.text + right.text, complete: right.complete } : left
    }
    case 'filter': {
      if (expr.input === null) return none
      const before = leadOf(expr.input, variable)
      if (expr.disabled === true) return before
      if (expr.name === 'sprintf') return { text: before.text.split('%')[0] ?? '', complete: false }
      return appending.has(expr.name) ? { text: before.text, complete: false } : none
    }
    default:
      return none
  }
}

/** Scheme and host are settled, so that nothing behind them leads elsewhere: `https://api.example.com/…`, `$env.BASE/…`. */
export const fixesHost = ({ text, complete }: Lead): boolean => complete || /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#\\@\s]+|\$env\.\w+)[/?#]/i.test(text)
