/** Writes CSV cells (RFC 4180) that no spreadsheet takes for a formula. */

/** A cell that begins like a formula, perhaps behind quotes that say it is none. */
const formula = /^'*[=+\-@\t\r\0]/

/** Text with a `'` before whatever a spreadsheet would calculate; {@link unguardFormula} takes it off again. */
export const guardFormula = (text: string): string => (formula.test(text) ? `'${text}` : text)
/** The text that {@link guardFormula} was given. */
export const unguardFormula = (text: string): string => (text.startsWith("'") && formula.test(text) ? text.slice(1) : text)

/** A quoted cell where it needs quotes; empty text keeps its own, so that it differs from no value. */
export const csvCell = (text: string): string => (text === '' || /[",\r\n\t']|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
