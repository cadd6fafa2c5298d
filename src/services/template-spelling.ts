/** Templates name variables as expressions do (`$order.total`); Twig knows no `$`. */

const tag = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\{#[\s\S]*?#\}/g
const part = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\.\$([A-Za-z_]\w*)|\$([A-Za-z_]\w*)/g

/** The template in Twig's own spelling: `$x` is `x`, `$env.$remote_ip` is `env['$remote_ip']`; text in quotes stays. */
export const toTwig = (source: string): string =>
  source.replace(tag, (text) =>
    text.startsWith('{#') ? text : text.replace(part, (found, member?: string, name?: string) => (member !== undefined ? `['$${member}']` : (name ?? found))),
  )
